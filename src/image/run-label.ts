import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ImageRecord } from "../storage/images.ts";

export interface LabelRequest {
  readonly label: string;
  /** The image as the user named it. */
  readonly imageName: string;
  readonly image: ImageRecord;
  /** Further arguments. */
  readonly args: readonly string[];
  /** --name; undefined for the image's name. */
  readonly name: string | undefined;
  readonly cwd: string;
}

/**
 * The command that a label of an image holds, with its variables filled in: IMAGE, NAME and PWD, as `NAME`, `$NAME`,
 * `${NAME}` or behind an equals sign.
 * @throws {DhowError} `invalid-argument` if there is no such label, or nothing in it.
 */
export function labelCommand(engine: Pick<Engine, "images">, request: LabelRequest): [string, ...string[]] {
  const { label, imageName, image, args, cwd } = request;
  const labels = engine.images.config(image).config?.Labels ?? {};
  const value = Object.hasOwn(labels, label) ? labels[label] : undefined;
  if (value === undefined || value.trim() === "") {
    throw new DhowError(`cannot find the value of label: ${label} in image: ${imageName}: invalid argument`, {
      kind: "invalid-argument",
    });
  }
  const values = { IMAGE: imageName, NAME: request.name ?? shortName(imageName), PWD: cwd };
  const words = splitWords(value).map((word) => fillIn(word, values));
  return [...words, ...args] as [string, ...string[]];
}

function fillIn(word: string, values: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(values, word)) return values[word] ?? "";
  return word
    .replaceAll(
      /\$\{(IMAGE|NAME|PWD)\}|\$(IMAGE|NAME|PWD)\b/g,
      (_, braced: string, plain: string) => values[braced ?? plain] ?? "",
    )
    .replace(/=(IMAGE|NAME|PWD)$/, (_, name: string) => `=${values[name]}`);
}

/** `docker.io/library/web:1` is called web. */
function shortName(imageName: string): string {
  return (imageName.split("/").at(-1) ?? imageName).replace(/[:@].*$/, "");
}

/** As a shell splits words; nothing else of a shell is done. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)) {
    words.push(
      word.replaceAll(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, escaped, double, single) => {
        return escaped ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? single;
      }),
    );
  }
  return words;
}
