// The page's words: in them are the translations of what these scripts and the widget say.

import {sayIn} from "./widgets.js";

export const words = JSON.parse(document.getElementById("words").textContent);
export const say = sayIn({get: () => words});
