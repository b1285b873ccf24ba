// A widget in a frame tells the page around it how tall it is.
new ResizeObserver(() => {
  parent.postMessage({height: Math.ceil(document.documentElement.getBoundingClientRect().height)},
    "*");
}).observe(document.documentElement);
