import { describe, expect, it } from "vitest";
import { configOf } from "./command-line.ts";

describe("--systemd", () => {
  it.each([
    { argv: ["image", "/sbin/init"] },
    { argv: ["image", "/usr/local/sbin/init", "--log-level=err"] },
    { argv: ["image", "/lib/systemd/systemd"] },
    { argv: ["image", "/bin/sh", "-c", "/usr/sbin/init"] },
    { argv: ["--systemd=always", "image", "sh"] },
  ])("prepares for systemd: $argv", ({ argv }) => {
    expect(configOf(argv)).toMatchObject({ systemd: {}, stopSignal: "SIGRTMIN+3" });
  });
  it.each([
    { argv: ["image", "sh"] },
    { argv: ["image", "/my/sbin/init"] },
    { argv: ["--systemd=false", "image", "/sbin/init"] },
  ])("prepares nothing: $argv", ({ argv }) => {
    expect(configOf(argv)).not.toHaveProperty("systemd");
    expect(configOf(argv).stopSignal).toBe("SIGTERM");
  });
  it("keeps the signal of the user and of the image", () => {
    expect(configOf(["--stop-signal=INT", "image", "/sbin/init"]).stopSignal).toBe("SIGINT");
    const image = { Cmd: ["/sbin/init"], StopSignal: "SIGUSR1" };
    expect(configOf(["image"], { image }).stopSignal).toBe("SIGUSR1");
  });
  it("takes a size, of which 0 is none", () => {
    expect(configOf(["--systemd=always", "--shm-size-systemd=2m", "image"]).systemd).toEqual({
      tmpfsSizeBytes: 2 << 20,
    });
    expect(configOf(["--systemd=always", "--shm-size-systemd=0", "image"]).systemd).toEqual({});
  });
});

describe("--seccomp-policy", () => {
  const image = { Cmd: ["sh"], Labels: { "io.containers.seccomp.profile": "{}" } };
  it("takes the image's profile", () => {
    expect(configOf(["--seccomp-policy=image", "image"], { image }).security).toMatchObject({ seccompOfImage: true });
    expect(configOf(["--seccomp-policy=default", "image"], { image }).security).not.toHaveProperty("seccompOfImage");
  });
  it("is refused for an image without one, and for other policies", () => {
    expect(() => configOf(["--seccomp-policy=image", "image"])).toThrow("no seccomp policy defined by image");
    expect(() => configOf(["--seccomp-policy=x", "image"])).toThrow(
      'invalid seccomp policy "x": valid policies are ["default" "image"]',
    );
  });
});
