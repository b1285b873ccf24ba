// Frames load when they are about to be seen, so that the game above is there at once.
const near = new IntersectionObserver((entries) => {
  for (const {target, isIntersecting} of entries) {
    if (!isIntersecting) continue;
    target.src = target.dataset.src;
    near.unobserve(target);
  }
}, {rootMargin: "400px"});
for (const frame of document.querySelectorAll("iframe")) near.observe(frame);

// Frames are as tall as what is in them.
addEventListener("message", ({source, data}) => {
  const frame = [...document.querySelectorAll("iframe")]
    .find(({contentWindow}) => contentWindow === source);
  if (frame && Number.isFinite(data?.height)) frame.height = data.height;
});
