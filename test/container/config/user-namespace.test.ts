import { describe, expect, it } from "vitest";
import { configOf, fakeCaller } from "./command-line.ts";

const range = (containerId: number, hostId: number, size: number) => ({ containerId, hostId, size });
const usernsOf = (...flags: string[]) => configOf([...flags, "image"]).userns;

describe("--userns", () => {
  it.each(["", "host"])("%j is the user's own", (mode) =>
    expect(usernsOf(`--userns=${mode}`)).toEqual({ mode: "host" }),
  );

  it("keep-id makes the user the same inside, and the container's user", () => {
    const config = configOf(["--userns", "keep-id", "image"], { image: { Cmd: ["x"], User: "www" } });
    const maps = [range(0, 1, 1000), range(1000, 0, 1), range(1001, 1001, 64_536)];
    expect(config.userns).toMatchObject({ mode: "private", kind: "keep-id", uids: maps, gids: maps });
    expect(config.user).toBe("1000:1000");
    expect(config.passwd.hostUsers).toEqual(["ana:*:1000:1000:Ana:$HOME:/bin/sh"]);
    expect(configOf(["--userns=keep-id:uid=5,gid=6", "image"]).user).toBe("5:6");
    expect(configOf(["--userns=keep-id", "-u", "7", "image"]).user).toBe("7");
    expect(usernsOf("--userns=keep-id:uid=0,gid=0,size=10")).toMatchObject({ uids: [range(0, 0, 1), range(1, 1, 9)] });
  });

  it("nomap leaves the user out", () => {
    expect(usernsOf("--userns=nomap")).toMatchObject({ kind: "nomap", uids: [range(0, 1, 65_536)] });
  });

  it("auto asks for ids that nobody else has", () => {
    expect(usernsOf("--userns=auto:size=10,uidmapping=1:@100004:1")).toMatchObject({
      ...{ kind: "auto", uids: [], request: { size: 10, uids: [range(1, 5, 1)], gids: [] } },
    });
  });

  it("is taken from DHOW_USERNS when it is not given", () => {
    const caller = fakeCaller({ environment: { DHOW_USERNS: "nomap" } });
    expect(configOf(["image"], { caller }).userns).toMatchObject({ kind: "nomap" });
    expect(configOf(["--userns=host", "image"], { caller }).userns).toEqual({ mode: "host" });
  });

  it("is taken from containers.conf when nothing else says it", () => {
    const configured = { userns: "nomap" };
    const caller = fakeCaller({ configured });
    expect(configOf(["image"], { caller }).userns).toMatchObject({ kind: "nomap" });
    expect(configOf(["--userns=host", "image"], { caller }).userns).toEqual({ mode: "host" });
    expect(configOf(["--uidmap=0:1:9", "image"], { caller }).userns).toMatchObject({ kind: "mapped" });
    const both = fakeCaller({ configured, environment: { DHOW_USERNS: "host" } });
    expect(configOf(["image"], { caller: both }).userns).toEqual({ mode: "host" });
  });

  it("joins that of a container, with its ids", () => {
    const uids = [range(0, 1, 10)];
    const caller = fakeCaller({ userNamespaceOf: () => ({ mode: "private", kind: "nomap", uids, gids: uids }) });
    expect(configOf(["--userns=container:web", "image"], { caller }).userns).toEqual({
      ...{ mode: "joined", containerId: "id-of-web", uids, gids: uids },
    });
  });

  it.each([
    ["--userns=odd", 'unrecognized user namespace mode "odd" passed'],
    ["--userns=private", "must provide at least one UID or GID mapping"],
    ["--userns=keep-id:odd=1", 'unknown option specified: "odd"'],
    ["--userns=keep-id:uid=x", 'could not parse keep-id option uid="x"'],
    ["--userns=auto:size", 'invalid auto option "size"'],
    ["--userns=container:", "must provide name or ID or a container"],
    ["--userns=ns:", "must provide a path to a namespace"],
  ])("refuses %s", (flag, message) => expect(() => usernsOf(flag)).toThrow(message));

  it("needs subordinate ids for other than host", () => {
    const one = [range(0, 1000, 1)];
    const caller = fakeCaller({ ids: { uid: 1000, gid: 1000, uids: one, gids: one } });
    expect(() => configOf(["--userns=nomap", "image"], { caller })).toThrow("you have none");
  });
});

describe("--uidmap and --gidmap", () => {
  it.each([
    { flags: ["--uidmap", "0:1:1000"], uids: [range(0, 1, 1000)], gids: [range(0, 1, 1000)] },
    { flags: ["--uidmap", "0:1:10", "--gidmap", "0:0:5"], uids: [range(0, 1, 10)], gids: [range(0, 0, 5)] },
    { flags: ["--uidmap", "0:@100000:2"], uids: [range(0, 1, 2)], gids: [range(0, 1, 2)] },
    { flags: ["--uidmap", "u0:0:3"], uids: [range(0, 0, 3)], gids: [range(0, 0, 65_537)] },
    {
      flags: ["--uidmap", "+g1:100:1"],
      uids: [range(0, 0, 65_537)],
      gids: [range(0, 0, 1), range(1, 100, 1), range(2, 2, 98), range(101, 101, 65_436)],
    },
  ])("$flags", ({ flags, uids, gids }) => {
    expect(usernsOf(...flags)).toMatchObject({ mode: "private", kind: "mapped", uids, gids });
  });

  it.each([
    [["--uidmap", "x"], 'invalid uid mapping "x"'],
    [["--uidmap", "0:1:0"], "the amount must be greater than 0"],
    [["--uidmap", "0:1:10", "--uidmap", "5:50:1"], "have ids in common"],
    [["--uidmap", "0:1:70000"], "goes beyond the 65537 ids that you have"],
    [["--uidmap", "0:@5:1"], "it is not one of your subordinate ids"],
    [["--userns", "keep-id", "--uidmap", "0:1:1"], "are mutually exclusive"],
  ])("refuses %j", (flags, message) => expect(() => usernsOf(...flags)).toThrow(message));

  it("takes all ids of a name", () => {
    expect(usernsOf("--subuidname", "ana")).toMatchObject({ uids: [range(0, 1, 65_536)], gids: [range(0, 1, 65_536)] });
    const caller = fakeCaller({ subordinateRanges: () => [{ start: 500_000, size: 10 }] });
    expect(() => configOf(["--subuidname", "bob", "image"], { caller })).toThrow('no subuid ranges found for "bob"');
  });
});

it("--hostuser takes a line of the host's database, without a password", () => {
  expect(configOf(["--hostuser", "ana", "image"]).passwd.hostUsers).toEqual([
    "ana:*:1000:1000:Ana:/home/ana:/bin/bash",
  ]);
  expect(() => configOf(["--hostuser", "bob", "image"])).toThrow('unable to find host user "bob"');
});
