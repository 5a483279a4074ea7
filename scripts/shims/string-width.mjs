// Stands in for the package string-width, which makes an Intl.Segmenter at load: 6 ms. Here printable ASCII is counted by
// length; for the rest, wide and zero-width code points are known by range, and joined emoji count as their parts.
const [esc, bell] = [String.fromCharCode(27), String.fromCharCode(7)];
const escapeSequence = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${esc}]*(?:${bell}|${esc}\\\\))`, "g");

const wideRanges = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3040, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

export default function stringWidth(text, { countAnsiEscapeCodes = false } = {}) {
  if (typeof text !== "string" || text === "") return 0;
  const visible = !countAnsiEscapeCodes && text.includes("\u001B") ? text.replace(escapeSequence, "") : text;
  if (/^[\x20-\x7e]*$/.test(visible)) return visible.length;
  let width = 0;
  for (const character of visible) width += widthOf(character);
  return width;
}

function widthOf(character) {
  const code = character.codePointAt(0);
  if (code < 32 || (code >= 0x7f && code < 0xa0) || /\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) return 0;
  return wideRanges.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
