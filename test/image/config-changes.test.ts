import { describe, expect, it } from "vitest";
import { applyChanges } from "../../src/image/config-changes.ts";
import type { ContainerDefaults } from "../../src/oci/image.ts";

function changed(changes: string | string[], config: ContainerDefaults = {}): ContainerDefaults {
  return applyChanges(config, [changes].flat());
}

describe("applyChanges()", () => {
  it.each<[string, ContainerDefaults]>([
    ["CMD /bin/sh -l", { Cmd: ["/bin/sh", "-c", "/bin/sh -l"] }],
    ["CMD=/bin/bash", { Cmd: ["/bin/sh", "-c", "/bin/bash"] }],
    ['CMD ["a", "b=c"]', { Cmd: ["a", "b=c"] }],
    ['CMD=["a","b"]', { Cmd: ["a", "b"] }],
    ['cmd ["a", 1]', { Cmd: ["/bin/sh", "-c", '["a", 1]'] }],
    ["ENTRYPOINT ", { Entrypoint: [] }],
    ['ENTRYPOINT ["foo", "bar=baz"]', { Entrypoint: ["foo", "bar=baz"] }],
    ["ENTRYPOINT run it", { Entrypoint: ["/bin/sh", "-c", "run it"] }],
    ["ENV A=b", { Env: ["A=b"] }],
    ["ENV=A=b", { Env: ["A=b"] }],
    ["ENV A=b C=\"d e\" F=g\\ h I='$j'", { Env: ["A=b", "C=d e", "F=g h", "I=$j"] }],
    ["ENV A b c", { Env: ["A=b c"] }],
    ["ENV A=b c", { Env: ["A=b c"] }],
    ["ENV A", { Env: ["A="] }],
    ["ENV A=", { Env: ["A="] }],
    ["EXPOSE 80", { ExposedPorts: { "80/tcp": {} } }],
    ["EXPOSE 53/UDP 8000-8002", { ExposedPorts: { "53/udp": {}, "8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {} } }],
    ["LABEL blue=image", { Labels: { blue: "image" } }],
    ["LABEL=io.containers.capabilities=setuid,setgid", { Labels: { "io.containers.capabilities": "setuid,setgid" } }],
    ['LABEL a="x y" "b c"=d', { Labels: { a: "x y", "b c": "d" } }],
    ["LABEL blue image", { Labels: { blue: "image" } }],
    ["ONBUILD RUN make $X", { OnBuild: ["RUN make $X"] }],
    ["STOPSIGNAL int", { StopSignal: "SIGINT" }],
    ["STOPSIGNAL 9", { StopSignal: "SIGKILL" }],
    ["USER me:us", { User: "me:us" }],
    ["VOLUME /a /b", { Volumes: { "/a": {}, "/b": {} } }],
    ['VOLUME ["/a b"]', { Volumes: { "/a b": {} } }],
    ["WORKDIR /a/../b", { WorkingDir: "/b" }],
  ])("%s", (change, expected) => {
    expect(changed(change)).toEqual(expected);
  });

  it("adds to what the image has", () => {
    const config = {
      Env: ["PATH=/bin", "A=1"],
      Labels: { old: "1" },
      WorkingDir: "/srv",
      ExposedPorts: { "1/tcp": {} },
    };
    expect(changed(["ENV A=2 B=3", "LABEL new=2", "WORKDIR sub", "WORKDIR dir", "EXPOSE 2"], config)).toEqual({
      Env: ["PATH=/bin", "A=2", "B=3"],
      Labels: { old: "1", new: "2" },
      WorkingDir: "/srv/sub/dir",
      ExposedPorts: { "1/tcp": {}, "2/tcp": {} },
    });
  });

  it("knows the variables of the image and of ARG, outside of single quotes", () => {
    const config = { Env: ["PATH=/bin", "EMPTY="] };
    const changes = [
      "ARG where=/opt",
      "ENV PATH=$PATH:$where/bin A='$PATH' B=\\$PATH",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the instruction's own
      "LABEL l=${EMPTY:-default}${EMPTY-set}${where:+yes}${NOBODY}.",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
      "USER ${NOBODY:-app}",
      "CMD echo $PATH",
    ];
    expect(changed(changes, config)).toEqual({
      Env: ["PATH=/bin:/opt/bin", "EMPTY=", "A=$PATH", "B=$PATH"],
      Labels: { l: "defaultyes." },
      User: "app",
      Cmd: ["/bin/sh", "-c", "echo $PATH"],
    });
  });

  it("lets an entrypoint take the image's command away, but not a new one", () => {
    const config = { Entrypoint: ["old"], Cmd: ["old"] };
    expect(changed('ENTRYPOINT ["new"]', config)).toEqual({ Entrypoint: ["new"] });
    expect(changed(['CMD ["c"]', 'ENTRYPOINT ["new"]'], config)).toEqual({ Entrypoint: ["new"], Cmd: ["c"] });
    expect(changed('CMD ["c"]', config)).toEqual({ Entrypoint: ["old"], Cmd: ["c"] });
  });

  it("runs commands by the image's shell", () => {
    expect(changed("CMD ls", { Shell: ["bash", "-ec"] }).Cmd).toEqual(["bash", "-ec", "ls"]);
  });

  it("takes several instructions in one text, and commands of several lines", () => {
    expect(changed('ENV A=1\nlabel b=2\nCMD sh -c "one;\n  two"')).toEqual({
      Env: ["A=1"],
      Labels: { b: "2" },
      Cmd: ["/bin/sh", "-c", 'sh -c "one;\n  two"'],
    });
  });

  it.each([
    ["BOGUS=foo", 'invalid change "BOGUS=foo" - invalid instruction BOGUS'],
    ["RUN ls", 'invalid change "RUN ls" - invalid instruction RUN'],
    ["CMD", 'invalid change "CMD" - must be formatted as KEY VALUE'],
    ["EXPOSE http", "EXPOSE port must be an integer"],
    ["EXPOSE 80/tcp/udp", "EXPOSE port must be formatted as PORT[/PROTO]"],
    ["EXPOSE 70000", "EXPOSE port must be a valid port number"],
    ["EXPOSE 80/icmp", "EXPOSE protocol must be TCP or UDP"],
    ["ENV =x", "ENV must have at least one argument"],
    ["LABEL alone", "LABEL must be formatted key=value"],
    ["LABEL =x", "LABEL must have a non-empty key"],
    ["ONBUILD ", "ONBUILD must be given an argument"],
    ["STOPSIGNAL nonsense", "STOPSIGNAL must be given a valid signal"],
    ["USER ", "must provide a value to USER"],
    ["VOLUME []", "must provide at least one argument to VOLUME"],
    ['VOLUME [""]', "VOLUME paths must not be empty"],
    ["WORKDIR $NOTHING", "must provide a non-empty WORKDIR"],
    ["ARG =x", "ARG must have a name"],
  ])("refuses %s", (change, message) => {
    expect(() => changed(change)).toThrow(message);
  });
});
