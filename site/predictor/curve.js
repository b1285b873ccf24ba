// PSNR as it comes, on a canvas: the newest at the right, frames below the threshold marked.

const IN_VIEW = 150; // frames
const LEFT = 46; // pixels, for the scale

export function liveCurve(canvas) {
  const values = [];
  const token = (name) => getComputedStyle(canvas).getPropertyValue(`--vk-${name}`).trim();
  function draw(threshold) {
    const {clientWidth: width, clientHeight: height} = canvas, sharp = devicePixelRatio || 1;
    Object.assign(canvas, {width: width * sharp, height: height * sharp});
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.font = "12px system-ui, sans-serif";
    const known = [...values, threshold].filter(Number.isFinite);
    if (!known.length) return;
    const low = 2 * Math.floor((Math.min(...known) - 1) / 2), high = Math.max(...known) + 1;
    const X = (t) => LEFT + ((width - LEFT - 6) * (t + IN_VIEW - values.length)) / (IN_VIEW - 1);
    const Y = (v) => 6 + ((height - 14) * (high - v)) / (high - low);
    drawScale(pen, {low, high, Y, width, height}, token);
    pen.strokeStyle = token("prediction");
    pen.lineWidth = 2;
    pen.beginPath();
    values.forEach((v, t) => pen.lineTo(X(t), Y(v)));
    pen.stroke();
    if (!Number.isFinite(threshold)) return;
    pen.strokeStyle = pen.fillStyle = token("alarm");
    values.forEach((v, t) => { if (v < threshold) mark(pen, X(t), Y(v)); });
    pen.setLineDash([7, 4]);
    line(pen, LEFT, Y(threshold), width, Y(threshold));
    pen.setLineDash([]);
  }
  return {
    draw,
    clear() { values.length = 0; },
    add(value, threshold) {
      values.push(value);
      if (values.length > IN_VIEW) values.shift();
      draw(threshold);
    },
  };
}

function drawScale(pen, {low, high, Y, width, height}, token) {
  const step = [1, 2, 5, 10, 20].find((each) => (high - low) / each <= 6) ?? 50;
  pen.strokeStyle = token("grid");
  pen.fillStyle = token("ink");
  pen.textAlign = "right";
  pen.lineWidth = 1;
  for (let v = Math.ceil(low / step) * step; v <= high; v += step) {
    line(pen, LEFT, Y(v), width, Y(v));
    pen.fillText(v, LEFT - 6, Y(v) + 4);
  }
  pen.save();
  pen.translate(12, height / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText("PSNR (dB)", 0, 0);
  pen.restore();
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function mark(pen, x, y) {
  pen.beginPath();
  pen.moveTo(x - 4, y - 6);
  pen.lineTo(x + 4, y - 6);
  pen.lineTo(x, y + 1);
  pen.fill();
}
