import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findAdditionalPlaces, parseAdditionalStores } from "../../src/storage/additional-places.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dhow-places-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

describe("parseAdditionalStores()", () => {
  it.each<[string, string[]]>([
    ['[storage]\ndriver = "overlay"\n[storage.options]\nadditionalimagestores = [ "/a", \'/b c\' ]\n', ["/a", "/b c"]],
    [
      '[storage.options]\n# additionalimagestores = [ "/no" ]\nadditionalimagestores = [\n  "/a",\n  # "/b",\n  "/c",\n]\n',
      ["/a", "/c"],
    ],
    ['[storage.options.overlay]\nadditionalimagestores = ["/no"]\n', []],
    ['[storage.options]\nsize = ""\n[storage.options.overlay]\nadditionalimagestores = ["/no"]\n', []],
    ['additionalimagestores = ["/no"]\n', []],
    ["", []],
  ])("reads %j", (text, stores) => {
    expect(parseAdditionalStores(text)).toEqual(stores);
  });
});

describe("findAdditionalPlaces()", () => {
  it("takes flags and the environment for certain, and storage.conf as it comes", () => {
    const conf = join(home, "storage.conf");
    writeFileSync(conf, '[storage.options]\nadditionalimagestores = ["/from/conf"]\n');
    vi.stubEnv("CONTAINERS_STORAGE_CONF", conf);
    vi.stubEnv("DHOW_ADDITIONAL_STORES", "/from/env:/and/another");
    const options = ["additionalimagestore=/from/flag", "overlay.imagestore=/old", "ignore_chown_errors=true"];
    expect(findAdditionalPlaces(options, 4_000_000)).toEqual({
      required: ["/from/flag", "/old", "/from/env", "/and/another"],
      candidates: ["/from/conf"],
    });
  });
});
