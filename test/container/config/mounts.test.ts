import { describe, expect, it } from "vitest";
import { configOf, fakeCaller } from "./command-line.ts";

const bind = ["rprivate", "nosuid", "nodev", "rbind"];

describe("-v", () => {
  it.each([
    { text: "/etc:/x", source: "/etc", destination: "/x", options: bind },
    { text: "/etc/:/x/../y/:ro", source: "/etc/", destination: "/y", options: ["ro", ...bind] },
    { text: "./app:/x:Z", source: "/work/./app", destination: "/x", options: bind },
    {
      text: "/etc:/x:rslave,exec,dev",
      source: "/etc",
      destination: "/x",
      options: ["rslave", "exec", "dev", "nosuid", "rbind"],
    },
    { text: "/etc:/x:bind", source: "/etc", destination: "/x", options: ["bind", "private", "nosuid", "nodev"] },
  ])("$text", ({ text, ...expected }) => {
    const caller = fakeCaller({ pathKind: () => "directory" });
    expect(configOf(["-v", text, "image"], { caller }).mounts).toEqual([{ type: "bind", ...expected }]);
  });

  it.each([
    { text: "/no/such:/x", message: "statfs /no/such: no such file or directory" },
    { text: ":/x", message: "host directory cannot be empty" },
    { text: "/etc:x", message: 'invalid container path "x", must be an absolute path' },
    { text: "/etc:/a:b:c", message: "incorrect volume format, should be [host-dir:]ctr-dir[:option]" },
    { text: "/etc:/x:ro,rw", message: "only one of 'rw' and 'ro' can be used: duplicate mount option passed" },
    { text: "/etc:/x:wrong", message: 'unknown mount option "wrong": invalid mount option' },
    { text: "/etc:/x:size=3", message: "the 'size' option is only allowed with tmpfs mounts" },
    { text: "/etc:/x:O", message: "overlay mounts (option O) are not supported yet" },
    { text: "data:/x", message: 'named volume "data" is not supported yet' },
    { text: "/x", message: "anonymous volume at /x is not supported yet" },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["-v", text, "image"])).toThrow(message);
  });

  it("refuses two mounts at one place unless they are the same", () => {
    expect(() => configOf(["-v", "/etc:/x", "-v", "/work/app:/x", "image"])).toThrow("/x: duplicate mount destination");
    expect(configOf(["-v", "/etc:/x", "-v", "/etc:/x", "image"]).mounts).toHaveLength(1);
  });
});

describe("--mount", () => {
  it("reads bind and tmpfs", () => {
    const { mounts } = configOf([
      ...["--mount", "type=bind,src=/etc,target=/a,readonly,bind-propagation=rslave"],
      ...["--mount", "type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1700,notmpcopyup"],
      ...["--mount", "type=bind,source=/etc,destination=/b,ro=false"],
      "image",
    ]);
    expect(mounts).toEqual([
      { type: "bind", source: "/etc", destination: "/a", options: ["ro", "rslave", "nosuid", "nodev", "rbind"] },
      {
        type: "tmpfs",
        source: undefined,
        destination: "/t",
        options: ["size=1m", "mode=1700", "rprivate", "nosuid", "nodev"],
      },
      { type: "bind", source: "/etc", destination: "/b", options: ["rw", ...bind] },
    ]);
  });
  it.each([
    { text: "type=bind,src=/etc", message: "must set volume destination" },
    { text: "type=tmpfs,src=/etc,dst=/x", message: '"src" option not supported for "tmpfs" mount types' },
    { text: "type=bind,src=/etc,dst=/x,dst=/y", message: 'cannot pass "dst" option more than once' },
    { text: "type=volume,src=v,dst=/x", message: "--mount type=volume is not supported yet" },
    { text: "src=v,dst=/x", message: "--mount type=volume is not supported yet" },
    { text: "type=nfs,dst=/x", message: 'invalid filesystem type "nfs"' },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["--mount", text, "image"])).toThrow(message);
  });
});

describe("--tmpfs", () => {
  it("copies what the image has there", () => {
    const { mounts } = configOf(["--tmpfs", "/t:size=1m,noexec", "image"]);
    expect(mounts[0]?.options).toEqual(["size=1m", "noexec", "rprivate", "nosuid", "nodev", "tmpcopyup"]);
  });
  it("refuses what binds have", () => {
    expect(() => configOf(["--tmpfs", "/t:rbind", "image"])).toThrow("not allowed with tmpfs mounts");
  });
});

it("makes the image's volumes tmpfs when asked", () => {
  const image = { Cmd: ["x"], Volumes: { "/data": {} } };
  expect(configOf(["image"], { image }).mounts).toEqual([]);
  expect(configOf(["--image-volume", "tmpfs", "image"], { image }).mounts).toMatchObject([
    { type: "tmpfs", destination: "/data" },
  ]);
  expect(() => configOf(["--image-volume", "bind", "image"], { image })).toThrow("is not supported yet");
});

describe("--device", () => {
  it("takes nodes and folders of nodes", () => {
    const caller = fakeCaller({ files: { "/dev/snd": "<dir>", "/dev/snd/a": "<device>", "/dev/snd/b": "<device>" } });
    const { devices } = configOf(["--device", "/dev/fuse:/dev/f:r", "--device", "/dev/snd", "image"], { caller });
    expect(devices).toEqual(["/dev/fuse:/dev/f:r", "/dev/snd/a:/dev/snd/a:rwm", "/dev/snd/b:/dev/snd/b:rwm"]);
  });
  it.each([
    { text: "/dev/none", message: "stat /dev/none: no such file or directory" },
    { text: "/etc", message: "no devices found in /etc" },
    { text: "fuse", message: "invalid device specification: fuse" },
    { text: "/dev/fuse:/x:q", message: "invalid device mode: q" },
    { text: "vendor.com/gpu=0", message: 'CDI device "vendor.com/gpu=0" is not supported yet' },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["--device", text, "image"])).toThrow(message);
  });
});

it("reads the size of /dev/shm", () => {
  expect(configOf(["image"]).shmSizeBytes).toBe(65536 * 1024);
  expect(configOf(["--shm-size", "1g", "image"]).shmSizeBytes).toBe(1024 ** 3);
  expect(() => configOf(["--shm-size", "big", "image"])).toThrow("unable to translate --shm-size");
});
