import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--rm", "--network", "none"];

describe.skipIf(!canBe("range"))("secrets", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  it("secret create, ls, inspect, exists and rm", async () => {
    const id = await user.succeed(["secret", "create", "--label", "stage=test", "one", "-"], { input: "hush" });
    expect(await user.dhow(["secret", "create", "one", "-"], { input: "x" })).toMatchObject({
      exitCode: 125,
      stderr: "Error: one: secret name in use\n",
    });
    await user.succeed(["secret", "create", "--env", "two", "VARIABLE"], { env: { VARIABLE: "word" } });
    await user.succeed(["secret", "create", "--replace", "two", "-"], { input: "word2" });
    expect(await user.dhow(["secret", "create", "-d", "odd", "three", "-"], { input: "x" })).toMatchObject({
      exitCode: 125,
    });
    expect(await user.succeed(["secret", "ls"])).toMatch(
      /^ID +NAME +DRIVER +CREATED +UPDATED\n[0-9a-f]{25} +one +file /,
    );
    expect(await user.succeed(["secret", "ls", "--filter", "name=two", "--format", "{{.Name}} {{.Driver}}"])).toBe(
      "two file",
    );
    const [shown] = JSON.parse(await user.succeed(["secret", "inspect", "one"]));
    expect(shown).toMatchObject({ ID: id, Spec: { Name: "one", Driver: { Name: "file" }, Labels: { stage: "test" } } });
    expect(JSON.stringify(shown)).not.toContain("hush");
    expect(await user.succeed(["secret", "inspect", "--showsecret", "-f", "{{.SecretData}}", "two"])).toBe("word2");
    expect(await user.succeed(["secret", "inspect", "--pretty", "one"])).toContain("Labels:\n - stage=test\n");
    expect(await user.dhow(["secret", "exists", "one"])).toMatchObject({ exitCode: 0 });
    expect(await user.dhow(["secret", "exists", "none"])).toMatchObject({ exitCode: 1 });
    expect(await user.succeed(["secret", "rm", "two", "--ignore", "none"])).toMatch(/^[0-9a-f]{25}$/);
    expect(await user.dhow(["secret", "rm", "none"])).toMatchObject({
      exitCode: 125,
      stderr: 'Error: no secret with name or id "none": no such secret\n',
    });
  });

  it("reach the container as files and variables, and are seen nowhere else", async () => {
    const flags = [
      "--secret",
      "one,uid=5,gid=6,mode=0440",
      "--secret",
      "one,target=/elsewhere/file",
      "--secret",
      "one,type=env,target=PASS",
    ];
    const script = "stat -c '%u:%g %a' /run/secrets/one; cat /run/secrets/one /elsewhere/file; echo $PASS";
    expect(await user.succeed([...run, ...flags, image, "sh", "-c", script])).toBe("5:6 440\nhushhushhush");
    await user.succeed(["run", "-d", "--name", "web", "--network", "none", ...flags, image, "sleep", "1000"]);
    expect(await user.succeed(["exec", "web", "sh", "-c", "echo $PASS"])).toBe("hush");
    for (const args of [
      ["inspect", "web"],
      ["ps", "-a", "--no-trunc", "--format", "json"],
      ["logs", "web"],
      ["events", "--stream=false", "--format", "json"],
    ]) {
      expect(await user.succeed(args), args.join(" ")).not.toContain("hush");
    }
    expect(await user.succeed(["inspect", "-f", "{{range .Config.Secrets}}{{.Name}} {{end}}", "web"])).toBe(
      "one one one ",
    );
    await user.succeed(["commit", "-q", "web", "taken"]);
    expect(await user.succeed(["history", "--no-trunc", "taken"])).not.toContain("hush");
    expect(await user.succeed([...run, "taken", "sh", "-c", "cat /run/secrets/one /elsewhere/file; echo $PASS"])).toBe(
      "",
    );
    // It goes on to have them, also after another start.
    await user.succeed(["secret", "rm", "one"]);
    await user.succeed(["restart", "-t", "0", "web"]);
    expect(await user.succeed(["exec", "web", "cat", "/run/secrets/one"])).toBe("hush");
    await user.succeed(["rm", "-f", "-t", "0", "web"]);
    const data = `${user.home}/.local/share/dhow`;
    expect(statSync(`${data}/secrets`).mode & 0o777).toBe(0o700);
    const { stdout } = await user.dhow([
      "unshare",
      "sh",
      "-c",
      `grep -rlaF hush ${data}/state.db* ${data}/containers ${data}/secrets || true`,
    ]);
    expect(stdout).toBe("");
    await user.expectNothingLeft();
  });
});
