/** A value as JSON has it. */
export type YamlValue = unknown;

/** Writes plain data as YAML, in the style of Go's encoder that podman uses: keys sorted, two blanks, lists not indented. */
export function formatYaml(value: YamlValue): string {
  return `${formatNode(value, "").replace(/^\n/, "")}\n`;
}

/** The text behind `key:`, with the blank or line break in front of it. */
function formatNode(value: YamlValue, indent: string): string {
  if (Array.isArray(value)) return value.length === 0 ? " []" : value.map((item) => formatItem(item, indent)).join("");
  if (typeof value === "object" && value !== null)
    return formatMap(value as Readonly<Record<string, YamlValue>>, indent);
  return ` ${formatScalar(value, indent)}`;
}

function formatMap(map: Readonly<Record<string, YamlValue>>, indent: string): string {
  const keys = Object.keys(map)
    .filter((key) => map[key] !== undefined)
    .sort();
  if (keys.length === 0) return " {}";
  return keys
    .map((key) => {
      const value = map[key];
      const inner = Array.isArray(value) ? indent : `${indent}  `;
      return `\n${indent}${formatScalar(key, indent)}:${formatNode(value, inner)}`;
    })
    .join("");
}

/** A map begins on the line of its dash. */
function formatItem(item: YamlValue, indent: string): string {
  const text = formatNode(item, `${indent}  `);
  return `\n${indent}- ${text.trimStart()}`;
}

function formatScalar(value: YamlValue, indent: string): string {
  if (typeof value !== "string") return String(value);
  if (value.includes("\n"))
    return `|-${value
      .split("\n")
      .map((line) => `\n${indent}${line}`)
      .join("")}`;
  return isPlain(value) ? value : JSON.stringify(value);
}

/** Whether YAML reads the text as itself: neither as a number, a word with a meaning, nor as syntax. */
function isPlain(text: string): boolean {
  if (/^(?:true|false|null|yes|no|on|off|y|n|~|[-+.]?[\d.][\d._eE+-]*|0[xo][\da-f]+)$/i.test(text)) return false;
  return /^[\w/.(+][^\p{Cc}]*$/u.test(text) && !/: |:$| #|\s$/.test(text);
}
