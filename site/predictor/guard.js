// What a guard decides, without a page: which windows he settles in with, where his threshold is,
// and when he rings. As in notebook 06: somebody in view in each window; one threshold from quiet
// frames that he has not settled in with; an alarm waits for three frames in a row.

import {say} from "./text.js";

export const SECONDS = {windows: 3, threshold: 2}; // of normal life
const IN_A_ROW = 3; // frames below the threshold, before it rings: `vadkit.adaptation.alarms`
const QUIET = 10; // frames in a row above it, before it may ring again: guard_shift.js
const LEAST_MARGIN = 2; // dB. Half a decibel: 5 of 16 quiet validation films rang; this: 1

// K windows of five frames: of each of K parts in a row, the one in which most moves.
export function chooseWindows(frames, k, length) {
  const n = frames.length - length + 1, size = frames[0].length;
  if (n < k) {
    throw new Error(say("{n} frames hold no {k} windows: record again.", {n: frames.length, k}));
  }
  const windows = new Uint8Array(k * length * size);
  for (let part = 0; part < k; part++) {
    const first = Math.floor((part * n) / k), end = Math.floor(((part + 1) * n) / k);
    let best = first, most = -1;
    for (let begin = first; begin < end; begin++) {
      const moved = difference(frames[begin + length - 1], frames[begin + length - 2]);
      if (moved > most) [best, most] = [begin, moved];
    }
    for (let i = 0; i < length; i++) windows.set(frames[best + i], (part * length + i) * size);
  }
  return windows;
}

function difference(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum;
}

// Below the lowest quiet PSNR, by half of how far that is below the middle one.
export function thresholdOf(quiet) {
  const ranked = [...quiet].sort((a, b) => a - b), lowest = ranked[0];
  const middle = ranked[ranked.length >> 1];
  return lowest - Math.max(LEAST_MARGIN, (middle - lowest) / 2);
}

// ring(psnr, threshold) tells, frame after frame, whether an alarm starts.
export function alarmClock() {
  let below = 0, above = QUIET, isRinging = false;
  return {
    isRinging: () => isRinging,
    ring(value, threshold) {
      below = value < threshold ? below + 1 : 0;
      above = value < threshold ? 0 : above + 1;
      if (above >= QUIET) isRinging = false;
      const starts = below >= IN_A_ROW && !isRinging;
      if (starts) isRinging = true;
      return starts;
    },
  };
}
