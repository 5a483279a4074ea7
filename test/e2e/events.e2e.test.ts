import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range"))("dhow events", () => {
  let user: TestUser;
  beforeAll(async () => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  const statuses = async (...flags: string[]) =>
    (await user.succeed(["events", "--stream=false", "--format", "{{.Status}}", ...flags])).split("\n");

  it("lists the life of a container, by all the ways to choose", async () => {
    const id = await user.succeed([
      "create",
      "--rm",
      "--network",
      "none",
      "--name",
      "one",
      "-l",
      "a=b",
      image,
      "sh",
      "-c",
      "exit 3",
    ]);
    await user.dhow(["start", "--attach", "one"]);
    const life = ["create", "init", "start", "attach", "died", "cleanup", "remove"];
    expect(await statuses("--filter", "container=one")).toEqual(life);
    expect(await statuses("--filter", `container=${id.slice(0, 12)}`, "--since", "1h", "--until", "0s")).toEqual(life);
    expect(await statuses("--filter", "label=a=b", "--filter", "event=die", "--filter", "event=start")).toEqual([
      "start",
      "died",
    ]);
    expect(
      await user.succeed([
        "events",
        "--no-stream",
        "-f",
        "event=died",
        "--format",
        "{{.ID}} {{.ContainerExitCode}} {{.Image}}",
      ]),
    ).toBe(`${id} 3 ${image}`);
    const json = JSON.parse(
      await user.succeed(["system", "events", "--no-stream", "-f", "event=died", "--format", "json"]),
    );
    expect(json).toMatchObject({
      ID: id,
      Name: "one",
      Status: "died",
      Type: "container",
      ContainerExitCode: 3,
      Attributes: { a: "b" },
    });
    expect(await user.succeed(["events", "--stream=false", "--no-trunc=false", "-f", "event=remove"])).toMatch(
      new RegExp(` container remove ${id.slice(0, 12)} \\(image=${image}, name=one, .*a=b\\)$`),
    );
  });

  it("streams what happens, until the time that it is given", async () => {
    const watching = user.start([
      "events",
      "--until",
      "60s",
      "--since",
      "1m",
      "--format",
      "{{.Type}} {{.Status}} {{.Name}}",
    ]);
    await user.succeed(["tag", image, "other"]);
    await watching.waitFor("image tag localhost/other:latest");
    await user.succeed(["run", "-d", "--name", "two", "--network", "none", image, "sleep", "1000"]);
    await watching.waitFor("container start two");
    await user.succeed(["exec", "two", "true"]);
    await watching.waitFor("container exec_died two");
    await user.succeed(["rename", "two", "three"]);
    await watching.waitFor("container rename three");
    await user.succeed(["restart", "-t", "0", "three"]);
    await watching.waitFor("container restart three");
    await user.succeed(["kill", "three"]);
    await watching.waitFor("container kill three");
    await user.succeed(["rm", "-f", "three"]);
    await watching.waitFor("container remove three");
    await user.succeed(["rmi", "localhost/other"]);
    await watching.waitFor("image untag localhost/other:latest");
    watching.signal("SIGTERM");
    await watching.end();
    await user.expectNothingLeft();
  });

  it("ends by itself when the time has come, and refuses unknown filters", async () => {
    expect(await user.dhow(["events", "--until", "1s", "-f", "container=none"])).toMatchObject({
      exitCode: 0,
      stdout: "",
    });
    expect(await user.dhow(["events", "-f", "nosuch=1"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: nosuch is an invalid filter\n",
    });
  });
});
