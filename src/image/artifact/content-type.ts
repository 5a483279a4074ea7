import { closeSync, openSync, readSync } from "node:fs";
import { unreadable } from "../store-file.ts";

/** What is looked at: as browsers and Go do. */
const headBytes = 512;

/** Signatures by their first bytes, in Latin-1. @see https://mimesniff.spec.whatwg.org/ */
const signatures: readonly (readonly [start: string, mediaType: string])[] = [
  ["%PDF-", "application/pdf"],
  ["%!PS-Adobe-", "application/postscript"],
  ["\xfe\xff", "text/plain; charset=utf-16be"],
  ["\xff\xfe", "text/plain; charset=utf-16le"],
  ["\xef\xbb\xbf", "text/plain; charset=utf-8"],
  ["\x00\x00\x01\x00", "image/x-icon"],
  ["\x00\x00\x02\x00", "image/x-icon"],
  ["BM", "image/bmp"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["ID3", "audio/mpeg"],
  ["OggS\x00", "application/ogg"],
  ["MThd\x00\x00\x00\x06", "audio/midi"],
  ["\x1aE\xdf\xa3", "video/webm"],
  ["\x00\x01\x00\x00", "font/ttf"],
  ["OTTO", "font/otf"],
  ["ttcf", "font/collection"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["Rar!\x1a\x07\x00", "application/x-rar-compressed"],
  ["Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"],
  ["\x00asm", "application/wasm"],
];

/** Of containers of the form `RIFF....NAME`. */
const riffTypes: Readonly<Record<string, string>> = {
  "AVI ": "video/avi",
  WAVE: "audio/wave",
  WEBP: "image/webp",
};

const html =
  /^[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i;
/** Control characters that no text has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const binary = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/** The media type of a file by its first bytes. @throws {DhowError} `not-found` if it cannot be read. */
export function contentTypeOf(path: string): string {
  return contentType(readHead(path));
}

/** The media type of something that begins like that; `text/plain` and `application/octet-stream` where nothing fits better. */
export function contentType(head: Buffer): string {
  const text = head.toString("latin1");
  if (html.test(text)) return "text/html; charset=utf-8";
  if (/^[\t\n\f\r ]*<\?xml/.test(text)) return "text/xml; charset=utf-8";
  const riff = /^RIFF[\s\S]{4}([\s\S]{4})/.exec(text)?.[1];
  if (riff !== undefined && Object.hasOwn(riffTypes, riff)) return riffTypes[riff] as string;
  const found = signatures.find(([start]) => text.startsWith(start));
  if (found) return found[1];
  if (/^[\s\S]{4}ftyp/.test(text)) return "video/mp4";
  return binary.test(text) ? "application/octet-stream" : "text/plain; charset=utf-8";
}

function readHead(path: string): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(headBytes);
      return head.subarray(0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
