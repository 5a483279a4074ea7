import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readContainersConf } from "../../src/system/containers-conf.ts";
import { mayBeConfigured } from "../../src/system/containers-conf-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-conf-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe("readContainersConf()", () => {
  it("lets later files win, value by value, and needs none", () => {
    const first = write(
      "first",
      '[network]\ndefault_rootless_network_cmd = "pasta"\npasta_options = ["-I", "lan"]\n[containers]\nuserns = "auto"\nread_only = true\ndefault_ulimits = ["core=0"]\noom_score_adj = 5\n[engine]\nimage_volume_mode = "tmpfs"\nretry = 4\nretry_delay = "1s"\n',
    );
    const second = write("second", "[engine]\nretry = 10\n");
    expect(readContainersConf([first, second])).toEqual({
      ...{ rootlessNetwork: "pasta", pastaOptions: ["-I", "lan"] },
      ...{ userns: "auto", imageVolumeMode: "tmpfs", retries: 10, retryDelay: "1s" },
      ...{ readOnly: true, ulimits: ["core=0"], oomScoreAdj: 5 },
    });
    expect(readContainersConf([])).toEqual({});
  });

  it("finds the user's files, the one that CONTAINERS_CONF names in their place, and the override", () => {
    vi.stubEnv("XDG_CONFIG_HOME", folder);
    write("containers/containers.conf", "[engine]\nretry = 1\n");
    write("containers/containers.conf.d/b.conf", "[engine]\nretry = 3\n");
    write("containers/containers.conf.d/a.conf", "[engine]\nretry = 2\n");
    expect(readContainersConf().retries).toBe(3);
    vi.stubEnv("CONTAINERS_CONF", write("named", '[engine]\nretry_delay = "7s"\n'));
    expect(readContainersConf()).toMatchObject({ retries: undefined, retryDelay: "7s" });
    vi.stubEnv("CONTAINERS_CONF_OVERRIDE", write("override", "[engine]\nretry = 9\n"));
    expect(readContainersConf()).toMatchObject({ retries: 9, retryDelay: "7s" });
  });

  it.each([
    ["= x", /cannot read .*bad/],
    ["engine = 5", /bad has a mistake: engine is not a table/],
    ["[engine]\nretry = -1", /bad has a mistake: retry is not a count/],
    ["[engine]\nretry_delay = 5", /bad has a mistake: retry_delay is not text/],
    ["[network]\npasta_options = 5", /bad has a mistake: pasta_options is not a list of texts/],
    ["[containers]\nuserns = 5", /bad has a mistake: userns is not text/],
    ["[containers]\nread_only = 1", /bad has a mistake: read_only is neither/],
    ["[containers]\noom_score_adj = true", /bad has a mistake: oom_score_adj is not a number/],
    ["[containers]\ndefault_ulimits = [1]", /bad has a mistake: default_ulimits is not a list/],
  ])("names the file of a mistake: %j", (text, message) => {
    expect(() => readContainersConf([write("bad", text)])).toThrow(message);
  });
});

describe("mayBeConfigured()", () => {
  it.each([
    ['[containers]\n  userns = "auto"', true],
    ['containers.userns="auto"', true],
    ['containers = { env = [], userns = "auto" }', true],
    ['[containers]\n"userns" = "auto"', true],
    ['# userns = "auto"\n#userns="auto"\nuserns_size = 1', false],
  ])("says without parsing whether a key can be set: %j", (text, expected) => {
    expect(mayBeConfigured(["other", "userns"], [write("absent.conf", text)])).toBe(expected);
  });
});
