import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createContainer } from "../../src/container/create.ts";
import { useSecrets } from "../../src/container/secrets.ts";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import { createSecret, readSecret, readVariable, removeSecret } from "../../src/secret/secrets.ts";
import { configOf } from "../container/config/command-line.ts";
import { type Fixture, openFixture } from "../container/fixture.ts";

let fixture: Fixture;
beforeEach(() => {
  fixture = openFixture();
});
afterEach(() => fixture[Symbol.dispose]());

const hush = Buffer.from("hush\0\xff", "latin1");
const create = (name: string, more: Partial<Parameters<typeof createSecret>[3]> = {}, content = hush) =>
  createSecret(fixture.engine, name, content, {
    ...{ driver: "file", driverOptions: {}, labels: {}, replace: false, ignore: false },
    ...more,
  });
const secretFiles = () => join(fixture.engine.paths.data, "secrets");

describe("createSecret()", () => {
  it("keeps bytes in a file that only its owner can read, and nothing of them in the database", () => {
    const id = create("one", { labels: { a: "b" } });
    expect(id).toMatch(/^[0-9a-f]{25}$/);
    expect(readSecret(fixture.engine, id.slice(0, 8)).content).toEqual(hush);
    expect(statSync(join(secretFiles(), id)).mode & 0o777).toBe(0o600);
    expect(statSync(secretFiles()).mode & 0o777).toBe(0o700);
    const files = readdirSync(fixture.engine.paths.data).filter((name) => name.startsWith("state.db"));
    for (const file of files) expect(readFileSync(join(fixture.engine.paths.data, file)).includes("hush")).toBe(false);
  });

  it("refuses a name in use, unless it is to be replaced or left", () => {
    const id = create("one");
    expect(() => create("one")).toThrow("one: secret name in use");
    expect(create("one", { ignore: true })).toBe(id);
    const other = create("one", { replace: true }, Buffer.from("new"));
    expect(other).not.toBe(id);
    expect(readdirSync(secretFiles())).toEqual([other]);
    expect(() => create("one", { replace: true, ignore: true })).toThrow("cannot use --ignore and --replace");
  });

  it.each(["", "a=b", "a,b", "a/b", "a\0b", "a\u001bb", " a", "n".repeat(254)])("refuses the name %j", (name) => {
    expect(() => create(name)).toThrow("invalid secret name");
  });

  it("refuses what is empty or too large, and unknown drivers and options", () => {
    expect(() => create("a", {}, Buffer.alloc(0))).toThrow("must be larger than 0 and less than 512000 bytes");
    expect(() => create("a", {}, Buffer.alloc(512_000))).toThrow("less than 512000 bytes");
    expect(() => create("a", { driver: "odd" })).toThrow("invalid driver: odd");
    expect(() => create("a", { driverOptions: { odd: "1" } })).toThrow('invalid file driver option: "odd"');
    expect(() => create("a", { driver: "shell" })).toThrow("the secret driver shell needs the option delete");
    expect(() => readVariable("DHOW_NO_SUCH")).toThrow("environment variable DHOW_NO_SUCH is not set");
    expect(fixture.engine.secrets.list()).toEqual([]);
  });
});

describe("the driver shell", () => {
  it("keeps the content where the commands put it", () => {
    const folder = mkdtempSync(join(tmpdir(), "dhow-secret-"));
    const driverOptions = {
      store: `cat >${folder}/$SECRET_ID`,
      lookup: `cat ${folder}/$SECRET_ID`,
      delete: `rm ${folder}/$SECRET_ID`,
      list: `ls ${folder}`,
    };
    const id = create("one", { driver: "shell", driverOptions });
    expect(readFileSync(join(folder, id))).toEqual(hush);
    expect(readSecret(fixture.engine, "one").content).toEqual(hush);
    rmSync(join(folder, id));
    expect(() => readSecret(fixture.engine, "one")).toThrow("the content of secret one is gone: no such secret");
    expect(removeSecret(fixture.engine, "one")).toBe(id);
    expect(() => removeSecret(fixture.engine, "one")).toThrow('no secret with name or id "one": no such secret');
    expect(() =>
      create("two", { driver: "shell", driverOptions: { ...driverOptions, store: "echo no >&2; exit 3" } }),
    ).toThrow("storing the secret: no");
    rmSync(folder, { recursive: true });
  });
});

describe("a container with secrets", () => {
  const configWith = (...entries: string[]): ContainerConfig => {
    const { secrets } = configOf([...entries.flatMap((entry) => ["--secret", entry]), "image"]);
    return { ...fixture.add("base").config, secrets };
  };

  it("has copies of its own, as files and as variables", () => {
    create("one");
    create("two", {}, Buffer.from("word"));
    const { id, config } = createContainer(
      fixture.engine,
      configWith("one,mode=0400", "two,type=env,target=PASS"),
      "web",
    );
    removeSecret(fixture.engine, "one");
    removeSecret(fixture.engine, "two");
    const { mounts, env } = useSecrets(fixture.engine, { id, config });
    expect(env).toEqual(["PASS=word"]);
    expect(mounts).toMatchObject([{ destination: "/run/secrets/one", type: "bind" }]);
    const file = mounts[0]?.source as string;
    expect(readFileSync(file)).toEqual(hush);
    expect(statSync(file).mode & 0o777).toBe(0o400);
    expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
    expect(JSON.stringify(config)).not.toContain("word");
  });

  it("is not made without them", () => {
    expect(() => createContainer(fixture.engine, configWith("none"), "web")).toThrow(
      'no secret with name or id "none"',
    );
    expect(fixture.engine.containers.find("web")).toBeUndefined();
  });
});

describe("--secret", () => {
  const parse = (entry: string) => configOf(["--secret", entry, "image"]).secrets[0];

  it("reads its fields", () => {
    const mount = { name: "a", kind: "mount", target: "", uid: 0, gid: 0, mode: 0o444 };
    expect(parse("a")).toMatchObject(mount);
    expect(parse("source=a,target=/x,uid=1,GID=2,mode=0777")).toMatchObject({
      ...mount,
      target: "/x",
      uid: 1,
      gid: 2,
      mode: 0o777,
    });
    expect(parse("a,type=env")).toMatchObject({ kind: "env", target: "a" });
  });

  it.each([
    ["a,odd", "option odd must be in form option=value: parsing secret"],
    ["a,odd=1", "option odd=1 invalid: parsing secret"],
    ["a,type=odd", "type odd is invalid"],
    ["a,type=env,type=mount", "cannot set more than one secret type"],
    ["type=env", "no source found type=env"],
    ["a,type=env,uid=1", "UID, GID, Mode options cannot be set with secret type env"],
    ["a,type=env,target=A=B", "is no name of an environment variable"],
    ["a,mode=9", "mode 9 invalid"],
    ["a,uid=x", "UID x invalid"],
  ])("refuses %s", (entry, message) => expect(() => parse(entry)).toThrow(message));
});
