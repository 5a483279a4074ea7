import type { Dockerfile, Instruction } from "../ast.ts";
import { failAt } from "../failure.ts";

/** Which rules are asked. */
export interface CheckSettings {
  readonly skipped: ReadonlySet<string> | "all";
  readonly experimental: ReadonlySet<string> | "all";
  readonly isError: boolean;
}

const none: CheckSettings = { skipped: new Set(), experimental: new Set(), isError: false };

/** `# check=skip=A,B;error=true` on one of the first lines. @throws {DhowError} `invalid-argument`. */
export function readCheckSettings({ directives, fileName }: Dockerfile): CheckSettings {
  const directive = directives.find(({ name }) => name === "check");
  if (directive === undefined) return none;
  return parseSettings(directive.value, (message) => failAt({ fileName, line: directive.line }, message));
}

/** An instruction can have rules of its own left out: `# check=skip=A` right above it. */
export function settingsFor(settings: CheckSettings, { comments }: Instruction): CheckSettings {
  let { skipped, experimental } = settings;
  for (const comment of comments) {
    const value = /^check\s*=\s*(\S+)/i.exec(comment)?.[1];
    const own = value === undefined ? undefined : parseOwn(value);
    skipped = join(skipped, own?.skipped ?? none.skipped);
    experimental = join(experimental, own?.experimental ?? none.experimental);
  }
  return { ...settings, skipped, experimental };
}

/** Undefined for a comment that only looks like one. */
function parseOwn(value: string): CheckSettings | undefined {
  try {
    return parseSettings(value, (message) => new SyntaxError(message));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function join(one: ReadonlySet<string> | "all", other: ReadonlySet<string> | "all"): ReadonlySet<string> | "all" {
  return one === "all" || other === "all" ? "all" : new Set([...one, ...other]);
}

function parseSettings(text: string, fail: (message: string) => Error): CheckSettings {
  let settings = none;
  for (const part of text.split(";")) {
    const [, key, value = ""] = /^\s*([a-z]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (key === "skip") settings = { ...settings, skipped: namesOf(value) };
    else if (key === "experimental") settings = { ...settings, experimental: namesOf(value) };
    else if (key === "error" && /^(true|false|1|0)$/i.test(value))
      settings = { ...settings, isError: /^(true|1)$/i.test(value) };
    else throw fail(`invalid check option ${JSON.stringify(part.trim())}`);
  }
  return settings;
}

function namesOf(value: string): ReadonlySet<string> | "all" {
  return value === "all" ? "all" : new Set(value.split(",").map((name) => name.trim()));
}
