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
    { text: "/etc:/x:O,ro", message: "can't use 'O' with other options" },
    { text: "/etc:/x:O,upperdir=/etc", message: "must set both `upperdir` and `workdir`" },
    { text: "/etc:/x:upperdir=/etc,workdir=/etc", message: "only allowed with the 'O' option" },
    { text: "/etc:/x:idmap", message: "idmap is not possible for a user" },
    { text: "/etc:/x:no-dereference", message: "no-dereference is not possible" },
    { text: "/etc:/x:noswap", message: "only allowed with tmpfs mounts" },
    { text: "/etc:/x:U,U", message: "the 'U' option can only be set once: duplicate mount option passed" },
    { text: "v:/x:O,upperdir=/etc,workdir=/etc", message: "for a named volume" },
    { text: "/etc:/x:subpath=a", message: 'cannot set option "subpath" on non-volume mounts' },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["-v", text, "image"])).toThrow(message);
  });

  it("names a volume by a word, and one of the container's own by nothing", () => {
    const volume = { type: "volume", options: bind };
    expect(configOf(["-v", "data:/x:U,nocopy", "-v", "/own", "image"]).mounts).toEqual([
      { ...volume, source: "data", destination: "/x", chown: true, noCopy: true },
      { ...volume, source: undefined, destination: "/own", anonymous: true },
    ]);
    expect(configOf(["-v", "data:/x", "-v", "data:/x:ro", "image"]).mounts).toHaveLength(1);
    expect(() => configOf(["-v", "a:/x", "-v", "b:/x", "image"])).toThrow("/x: duplicate mount destination");
  });

  it("puts an overlay on a folder or a volume", () => {
    const overlay = ["-v", "/etc:/a:O,U", "-v", "v:/b:O", "-v", "/etc:/c:O,upperdir=/work/app,workdir=/etc"];
    expect(configOf([...overlay, "image"]).mounts).toMatchObject([
      { type: "bind", source: "/etc", overlay: {}, chown: true },
      { type: "volume", source: "v", overlay: {} },
      { type: "bind", overlay: { upper: "/work/app", work: "/etc" } },
    ]);
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
    { text: "type=nfs,dst=/x", message: 'invalid filesystem type "nfs"' },
    { text: "type=artifact,dst=/x", message: "type=artifact is not supported yet" },
    { text: "type=bind,src=/no,dst=/x", message: "statfs /no: no such file or directory" },
    { text: "type=bind,src=,dst=/x", message: "host directory cannot be empty" },
    { text: "type=bind,src=/etc,dst=/x,ro,rw", message: 'cannot pass "rw" option more than once' },
    { text: "type=bind,src=/etc,dst=/x,bind-propagation=odd", message: 'invalid value "bind-propagation=odd"' },
    { text: "type=bind,src=/etc,dst=/x,subpath=a", message: 'cannot set option "subpath" on non-volume mounts' },
    { text: "type=bind,src=/etc,dst=/x,tmpfs-size=1", message: '"tmpfs-size" option not supported for "bind"' },
    {
      text: "type=bind,src=/etc,dst=/x,bind-recursive=odd",
      message: "must be enabled, disabled, writable or readonly",
    },
    { text: "type=bind,src=/etc,dst=/x,relabel=odd", message: "relabel mount option must be 'private' or 'shared'" },
    { text: "type=bind,src=/etc,dst=/x,wrong", message: "wrong: invalid mount option" },
    { text: "type=volume,dst=/x,U=maybe", message: '"U" must be set to true or false' },
    { text: "type=volume,dst=/x,volume-opt=type", message: "cannot parse driver opts" },
    { text: "type=image,dst=/x", message: "must set source and destination for image volume" },
    { text: "type=devpts,dst=/x,size=1", message: "size: invalid mount option" },
    { text: "type=glob,src=/none/*,dst=/x", message: 'no file paths matching glob "/none/*"' },
    { text: "type=tmpfs,dst=/x,noswap", message: "only allowed with rootful tmpfs mounts" },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["--mount", text, "image"])).toThrow(message);
  });
});

describe("--mount, further types", () => {
  const mountOf = (text: string, caller = fakeCaller()) => configOf(["--mount", text, "image"], { caller }).mounts[0];

  it("reads volumes", () => {
    expect(mountOf("src=v,dst=/x")).toEqual({ type: "volume", source: "v", destination: "/x", options: bind });
    expect(mountOf("type=volume,dst=/x")).toMatchObject({ source: undefined, anonymous: true });
    const text =
      "type=volume,src=v,dst=/x,volume-subpath=a/b,volume-nocopy,U,volume-label=k=w,volume-opt=type=tmpfs,nocreate";
    expect(mountOf(text)).toMatchObject({
      ...{ source: "v", subpath: "a/b", noCopy: true, chown: true },
      creation: { allowed: false, driver: "local", options: { type: "tmpfs" }, labels: { k: "w" } },
    });
  });

  it("reads images, devpts and ramfs", () => {
    expect(mountOf("type=image,src=alpine,dst=/i,subpath=/etc")).toEqual({
      ...{ type: "image", source: "alpine", destination: "/i", subpath: "/etc", options: ["ro", ...bind] },
    });
    expect(mountOf("type=image,src=alpine,dst=/i,rw=true")?.options).toContain("rw");
    expect(mountOf("type=devpts,dst=/p,gid=5,mode=0620")?.options).toEqual(["gid=5", "mode=0620"]);
    expect(mountOf("type=ramfs,dst=/r")).toMatchObject({ type: "ramfs", source: undefined });
  });

  it("makes one mount of each path that a pattern fits", () => {
    const caller = fakeCaller({ expandGlob: () => ["/etc/a", "/etc/b"] });
    const paths = (text: string) =>
      configOf(["--mount", text, "image"], { caller }).mounts.map(({ source, destination }) => [source, destination]);
    expect(paths("type=glob,src=/etc/*,dst=/g")).toEqual([
      ["/etc/a", "/g/a"],
      ["/etc/b", "/g/b"],
    ]);
    expect(paths("type=glob,src=/etc/*")[0]).toEqual(["/etc/a", "/etc/a"]);
  });

  it("makes a missing source when asked, and leaves what is mounted below alone when asked", () => {
    const made: string[] = [];
    const caller = fakeCaller({
      makeDirectory: (path) => void made.push(path),
      pathKind: (path) => (made.includes(path) ? "directory" : "absent"),
    });
    const mount = mountOf("type=bind,src=/new,dst=/x,bind-create-src,bind-recursive=writable,ro", caller);
    expect(mount).toMatchObject({ source: "/new", writableSubmounts: true });
    expect(mountOf("type=bind,src=/etc,dst=/x,bind-recursive=disabled")?.options).toContain("bind");
  });
});

describe("--volumes-from", () => {
  const mounts = [
    { type: "volume", source: "v", destination: "/v", options: ["rw", "nodev"] },
    { type: "bind", source: "/etc", destination: "/b", options: ["nodev"] },
    { type: "tmpfs", source: undefined, destination: "/t", options: [] },
  ] as const;
  const caller = fakeCaller({ mountsOf: () => mounts });

  it("takes over folders and volumes, behind what the user gave and before what the image has", () => {
    const image = { Cmd: ["x"], Volumes: { "/v": {}, "/image": {} } };
    const config = configOf(["--volumes-from", "one:ro,z", "-v", "/work/app:/b", "image"], { caller, image });
    expect(config.volumesFrom).toEqual(["one:ro,z"]);
    expect(config.mounts.find(({ destination }) => destination === "/v")?.options).toEqual(["ro", "nodev"]);
    expect(config.mounts.find(({ destination }) => destination === "/b")?.source).toBe("/work/app");
    expect(config.mounts.find(({ destination }) => destination === "/image")).toMatchObject({
      ...{ type: "volume", anonymous: true, fromImage: true },
    });
    expect(config.mounts.some(({ destination }) => destination === "/t")).toBe(false);
  });

  it.each([
    { text: "one:exec", message: 'invalid option "exec" specified - volumes from another container' },
    { text: "one:ro,rw", message: "cannot set ro or rw options more than once" },
    { text: "one:z,z", message: "cannot set :z more than once in mount options" },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["--volumes-from", text, "image"], { caller })).toThrow(message);
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

it("makes the image's volumes volumes of the container, tmpfs or nothing", () => {
  const image = { Cmd: ["x"], Volumes: { "/data": {} } };
  expect(configOf(["image"], { image }).mounts).toMatchObject([{ type: "volume", anonymous: true }]);
  const odd = { Cmd: ["x"], Volumes: { "[/etc/a,": {} } };
  expect(configOf(["image"], { image: odd }).mounts).toMatchObject([{ destination: "/[/etc/a," }]);
  expect(configOf(["--image-volume", "ignore", "image"], { image }).mounts).toEqual([]);
  expect(configOf(["--tmpfs", "/data", "image"], { image }).mounts).toMatchObject([{ type: "tmpfs" }]);
  expect(configOf(["--image-volume", "tmpfs", "image"], { image }).mounts).toMatchObject([
    { type: "tmpfs", destination: "/data" },
  ]);
  const caller = fakeCaller({ configured: { imageVolumeMode: "ignore" } });
  expect(configOf(["image"], { image, caller }).mounts).toEqual([]);
  expect(configOf(["--image-volume", "anonymous", "image"], { image, caller }).mounts).toHaveLength(1);
  expect(() => configOf(["--image-volume", "odd", "image"], { image })).toThrow('invalid image-volume type "odd"');
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
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["--device", text, "image"])).toThrow(message);
  });
});

it("reads the size of /dev/shm", () => {
  expect(configOf(["image"]).shmSizeBytes).toBe(65536 * 1024);
  expect(configOf(["--shm-size", "1g", "image"]).shmSizeBytes).toBe(1024 ** 3);
  expect(() => configOf(["--shm-size", "big", "image"])).toThrow("unable to translate --shm-size");
});
