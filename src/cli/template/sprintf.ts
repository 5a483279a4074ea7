import { show, toJson, typeName, type Value } from "./values.ts";

interface Verb {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly letter: string;
}

/** Go's fmt.Sprintf for the values that templates know. */
export function sprintf(format: string, values: readonly Value[]): string {
  const rest = [...values];
  const text = format.replace(
    /%([+\-# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([\s\S]?)/gu,
    (whole, ...parts: (string | undefined)[]) => {
      const [flags = "", width, precision, letter = ""] = parts;
      if (letter === "%") return "%";
      if (letter === "") return "%!(NOVERB)";
      const hasPrecision = /^%[+\-# 0]*(?:\*|\d+)?\./.test(whole);
      const wide = usable(count(width, rest), "%!(BADWIDTH)");
      const precise = usable(hasPrecision ? (count(precision, rest) ?? 0) : undefined, "%!(BADPREC)");
      const complaint = wide.complaint + precise.complaint;
      if (rest.length === 0) return `${complaint}%!${letter}(MISSING)`;
      const verb = { flags, width: wide.count, precision: precise.count, letter };
      return complaint + formatValue(normalized(verb), rest.shift());
    },
  );
  if (rest.length === 0) return text;
  return `${text}%!(EXTRA ${rest.map((value) => `${typeName(value)}=${show(value)}`).join(", ")})`;
}

function count(given: string | undefined, rest: Value[]): number | undefined {
  if (given === undefined) return undefined;
  return given === "*" ? Number(rest.shift()) : Number(given);
}

/** Go's own limit, and nothing that is no number. */
function usable(count: number | undefined, complaint: string): { count: number | undefined; complaint: string } {
  const isUsable = count === undefined || Math.abs(count) <= 1_000_000;
  return isUsable ? { count, complaint: "" } : { count: undefined, complaint };
}

/** A negative `*` width is the flag `-`. */
function normalized(verb: Verb): Verb {
  if (verb.width === undefined || verb.width >= 0) return verb;
  return { ...verb, flags: `${verb.flags}-`, width: -verb.width };
}

function formatValue(verb: Verb, value: Value): string {
  if (verb.letter === "T") return pad(verb, value === undefined || value === null ? "<nil>" : typeName(value));
  if (verb.letter === "v") return formatAny(verb, value);
  if (Array.isArray(value)) return `[${value.map((one) => formatValue(verb, one)).join(" ")}]`;
  switch (typeof value) {
    case "string":
      return formatString(verb, value);
    case "boolean":
      return verb.letter === "t" ? pad(verb, String(value)) : bad(verb, value);
    case "number":
      return formatNumber(verb, value);
    default:
      return "sqxX".includes(verb.letter) && value !== undefined && value !== null
        ? formatString(verb, show(value))
        : bad(verb, value);
  }
}

function formatAny(verb: Verb, value: Value): string {
  if (typeof value === "number") return pad(verb, signed(verb, value, show(Math.abs(value))), true);
  if (verb.flags.includes("#")) return pad(verb, typeof value === "string" ? quote(value) : toJson(value));
  return pad(verb, value === undefined ? "<nil>" : show(value, verb.flags.includes("+")));
}

function formatString(verb: Verb, value: string): string {
  const cut = verb.precision === undefined ? value : [...value].slice(0, verb.precision).join("");
  switch (verb.letter) {
    case "s":
      return pad(verb, cut);
    case "q":
      return pad(verb, quote(cut));
    case "x":
      return pad(verb, Buffer.from(cut).toString("hex"));
    case "X":
      return pad(verb, Buffer.from(cut).toString("hex").toUpperCase());
    default:
      return bad(verb, value);
  }
}

const bases: Readonly<Record<string, number>> = { b: 2, d: 10, o: 8, O: 8, x: 16, X: 16 };
const prefixes: Readonly<Record<string, string>> = { b: "0b", o: "0", x: "0x", X: "0X" };

function formatNumber(verb: Verb, value: number): string {
  const base = bases[verb.letter];
  if (base !== undefined && Number.isInteger(value)) return pad(verb, formatInteger(verb, value, base), true);
  if ("eEfFgG".includes(verb.letter)) {
    return Number.isInteger(value)
      ? bad(verb, value)
      : pad(verb, signed(verb, value, formatFloat(verb, Math.abs(value))), true);
  }
  if (!Number.isInteger(value)) return bad(verb, value);
  switch (verb.letter) {
    case "c":
      return pad(verb, String.fromCodePoint(value));
    case "q":
      return pad(verb, `'${String.fromCodePoint(value)}'`);
    case "U":
      return pad(verb, `U+${value.toString(16).toUpperCase().padStart(4, "0")}`);
    default:
      return bad(verb, value);
  }
}

function formatInteger(verb: Verb, value: number, base: number): string {
  const plain = Math.abs(value)
    .toString(base)
    .padStart(verb.precision ?? 0, "0");
  const digits = verb.letter === "X" ? plain.toUpperCase() : plain;
  const prefix = verb.letter === "O" ? "0o" : verb.flags.includes("#") ? (prefixes[verb.letter] ?? "") : "";
  return signed(verb, value, prefix + digits);
}

/** JavaScript counts no further than this. */
const mostDigits = 100;

function formatFloat({ letter, precision: wanted }: Verb, value: number): string {
  const precision = wanted === undefined ? undefined : Math.min(Math.max(wanted, 0), mostDigits);
  const twoDigits = (text: string) => text.replace(/e([+-])(\d)$/, "e$10$2");
  switch (letter) {
    case "f":
    case "F":
      return value.toFixed(precision ?? 6);
    case "e":
    case "E": {
      const text = twoDigits(value.toExponential(precision ?? 6));
      return letter === "E" ? text.toUpperCase() : text;
    }
    default:
      return precision === undefined ? show(value) : twoDigits(String(Number(value.toPrecision(precision || 1))));
  }
}

function signed({ flags }: Verb, value: number, digits: string): string {
  if (value < 0) return `-${digits}`;
  if (flags.includes("+")) return `+${digits}`;
  return flags.includes(" ") ? ` ${digits}` : digits;
}

function pad({ flags, width = 0 }: Verb, text: string, isNumber = false): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0") || !isNumber) return " ".repeat(missing) + text;
  const sign = /^[+\- ]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function bad({ letter }: Verb, value: Value): string {
  if (value === undefined || value === null) return `%!${letter}(<nil>)`;
  return `%!${letter}(${typeName(value)}=${show(value)})`;
}

const escapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** A Go string literal. */
export function quote(text: string): string {
  const escaped = text.replace(/["\\]|\p{Cc}/gu, (character) => {
    return escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
