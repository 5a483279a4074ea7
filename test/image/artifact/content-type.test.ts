import { expect, it } from "vitest";
import { contentType } from "../../../src/image/artifact/content-type.ts";

it.each([
  ["", "text/plain; charset=utf-8"],
  ["hello\n", "text/plain; charset=utf-8"],
  ["\x1b[31mred", "text/plain; charset=utf-8"],
  ["a\x00b", "application/octet-stream"],
  ["  <!DOCTYPE HTML>", "text/html; charset=utf-8"],
  ["<html lang=en>", "text/html; charset=utf-8"],
  ["<htmlx>", "text/plain; charset=utf-8"],
  ["\n<?xml version", "text/xml; charset=utf-8"],
  ["%PDF-1.7", "application/pdf"],
  ["\x89PNG\r\n\x1a\n....", "image/png"],
  ["\x1f\x8b\x08\x00", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["RIFF....WAVE", "audio/wave"],
  ["RIFF....ABCD", "text/plain; charset=utf-8"],
  ["\x00\x00\x00\x18ftypmp42", "video/mp4"],
])("contentType(%j) is %s", (text, expected) => {
  expect(contentType(Buffer.from(text, "latin1"))).toBe(expected);
});
