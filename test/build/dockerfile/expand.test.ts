// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is full of them
import { describe, expect, it } from "vitest";
import type { RunInstruction } from "../../../src/build/dockerfile/ast.ts";
import { type ExpansionScope, expandInstruction, resolveMounts } from "../../../src/build/dockerfile/expand.ts";
import { parseDockerfile } from "../../../src/build/dockerfile/parse.ts";
import { parseExposedPorts } from "../../../src/build/dockerfile/ports.ts";
import { runScriptOf } from "../../../src/build/dockerfile/run-script.ts";

const values: Record<string, string> = { NAME: "web", DIR: "/srv", TWO: "80 443", QUOTED: "it's" };
const scope: ExpansionScope = { fileName: "Dockerfile", escape: "\\", variables: (name) => values[name] };

function parseOne(...lines: string[]) {
  const dockerfile = parseDockerfile(["FROM a", ...lines].join("\n"), { fileName: "Dockerfile" });
  const instruction = dockerfile.stages[0]?.instructions[0];
  if (instruction === undefined) throw new Error("no instruction");
  return instruction;
}

function expandOne(...lines: string[]) {
  return expandInstruction(parseOne(...lines), scope);
}

function mounts(text: string) {
  return resolveMounts(parseOne(`RUN ${text} true`) as RunInstruction, scope);
}

describe("expandInstruction()", () => {
  it.each([
    [
      "ENV A=$NAME B='$NAME' C=\"a $NAME\" $NAME=x",
      {
        pairs: [
          { key: "A", value: "web" },
          { key: "B", value: "$NAME" },
          { key: "C", value: "a web" },
          { key: "web", value: "x" },
        ],
      },
    ],
    ['LABEL "a b"=$QUOTED', { pairs: [{ key: "a b", value: "it's" }] }],
    ['ENV OLD say "$NAME" twice', { pairs: [{ key: "OLD", value: "say web twice", isLegacy: true }] }],
    [
      "ARG A=${NONE:-$NAME} B",
      {
        arguments: [
          { name: "A", value: "web" },
          { name: "B", value: undefined },
        ],
      },
    ],
    ["EXPOSE $TWO 53/udp", { ports: ["80", "443", "53/udp"] }],
    ["USER $NAME:$NAME", { user: "web:web" }],
    ["WORKDIR $DIR/x", { path: "/srv/x" }],
    ["VOLUME $DIR /b", { paths: ["/srv", "/b"] }],
    ["STOPSIGNAL ${NONE:-9}", { signal: "9" }],
    [
      "COPY --from=$NAME --chown=$NAME --chmod=${M:-600} --exclude=$NAME a$NAME $DIR/",
      {
        ...{ from: "web", chown: "web", chmod: "600", excludes: ["web"], sources: ["aweb"], destination: "/srv/" },
      },
    ],
    ["ADD --checksum=$NAME https://$NAME/x $DIR", { checksum: "web", sources: ["https://web/x"] }],
    ["CMD echo $NAME", { command: { text: "echo $NAME" } }],
    ["RUN echo $NAME", { command: { text: "echo $NAME" } }],
    ["ONBUILD USER $NAME", { trigger: "USER $NAME" }],
    ['SHELL ["$NAME"]', { words: ["$NAME"] }],
  ])("puts values into %s", (line, expected) => {
    expect(expandOne(line)).toMatchObject(expected);
  });

  it("expands files in the Dockerfile unless their word is quoted", () => {
    expect(expandOne("COPY <<a <<'b' /", 'it\'s "$NAME" \\$NAME', "a", "$NAME", "b")).toMatchObject({
      inlineFiles: [{ content: 'it\'s "web" $NAME\n' }, { content: "$NAME\n" }],
    });
  });

  it("expands FROM", () => {
    const { stages } = parseDockerfile("FROM --platform=$NAME ${NAME}:1", { fileName: "Dockerfile" });
    const from = stages[0]?.from;
    expect(from && expandInstruction(from, scope)).toMatchObject({ base: "web:1", platform: "web" });
  });

  it("says where a word cannot be expanded", () => {
    expect(() => expandOne("WORKDIR ${DIR")).toThrow(
      "Dockerfile:2: failed to process \"${DIR\": syntax error: missing '}'",
    );
  });
});

describe("resolveMounts()", () => {
  it.each([
    ["--mount=target=/x", { type: "bind", from: undefined, source: "/", target: "/x", isReadOnly: true }],
    [
      "--mount=type=bind,from=$NAME,src=a,dst=$DIR,rw",
      {
        ...{ type: "bind", from: "web", source: "a", target: "/srv", isReadOnly: false },
      },
    ],
    ["--mount=type=bind,target=x,z,readonly=false", { target: "x", isReadOnly: false }],
    [
      "--mount=type=cache,target=/root/.cache/",
      {
        ...{ type: "cache", id: "/root/.cache/", target: "/root/.cache/", isReadOnly: false, sharing: "shared" },
        ...{ from: undefined, source: "/", mode: 0o755, uid: 0, gid: 0 },
      },
    ],
    [
      "--mount=type=cache,target=/c,id=$NAME,sharing=LOCKED,uid=1,gid=2,mode=0700,ro",
      {
        ...{ id: "web", sharing: "locked", uid: 1, gid: 2, mode: 0o700, isReadOnly: true },
      },
    ],
    ["--mount=type=tmpfs,target=/t,size=10m", { type: "tmpfs", target: "/t", sizeBytes: 10 << 20 }],
    [
      "--mount=type=secret,id=key",
      {
        ...{ type: "secret", id: "key", target: "/run/secrets/key", environment: undefined },
        ...{ isRequired: false, mode: 0o400, uid: 0, gid: 0 },
      },
    ],
    ["--mount=type=secret,target=/etc/key,required", { id: "key", target: "/etc/key", isRequired: true }],
    ["--mount=type=secret,id=key,env=KEY", { environment: "KEY", target: undefined }],
    ["--mount=type=secret,id=key,env=KEY,target=/k", { environment: "KEY", target: "/k" }],
    ["--mount=type=secret,id=key,env=", { environment: "key", target: undefined }],
    ["--mount=type=ssh", { type: "ssh", id: "default", target: undefined, mode: 0o600, isRequired: false }],
    ["--mount=type=ssh,id=x,required=true,mode=0660", { id: "x", isRequired: true, mode: 0o660 }],
  ])("reads %s", (text, expected) => {
    expect(mounts(text)).toMatchObject([expected]);
  });

  it.each([
    ["--mount=type=volume,target=/x", 'unsupported mount type "volume"'],
    ["--mount=type=cahce,target=/x", 'unsupported mount type "cahce" (did you mean cache?)'],
    ["--mount=type=bind", "a bind mount needs a target"],
    ["--mount=type=cache,target=/", 'invalid mount target "/"'],
    ["--mount=type=cache,targt=/x", "unexpected key 'targt' in 'targt=/x' (did you mean target?)"],
    ["--mount=type=bind,target=/x,uid=1", "unexpected key 'uid' for mount type 'bind'"],
    ["--mount=type=bind,target=/x,sharing=locked", "unexpected key 'sharing' for mount type 'bind'"],
    ["--mount=type=secret,from=a,id=b", "unexpected key 'from' for mount type 'secret'"],
    ["--mount=type=cache,target", "invalid field 'target' must be a key=value pair"],
    ["--mount=type=cache,target=/x,sharing=lockd", 'unsupported sharing value "lockd" (did you mean locked?)'],
    ["--mount=type=cache,target=/x,mode=9", "invalid value 9 for mode"],
    ["--mount=type=cache,target=/x,uid=a", "invalid value a for uid"],
    ["--mount=type=cache,target=/x,ro=maybe", "invalid value for readonly: maybe"],
    ["--mount=type=tmpfs,target=/x,size=big", "invalid size: 'big'"],
    ["--mount=type=secret", "invalid secret mount. one of source, target required"],
  ])("refuses %s", (text, message) => {
    expect(() => mounts(text)).toThrow(`Dockerfile:2: ${message}`);
  });
});

describe("parseExposedPorts()", () => {
  it.each([
    ["80", ["80/tcp"], false],
    ["53/UDP", ["53/udp"], false],
    ["8000-8002/tcp", ["8000/tcp", "8001/tcp", "8002/tcp"], false],
    ["8080:80", ["80/tcp"], true],
    ["127.0.0.1:8080:80/sctp", ["80/sctp"], true],
    ["[::1]::80", ["80/tcp"], true],
  ])("reads %s", (word, ports, hasHostPart) => {
    expect(parseExposedPorts(word)).toMatchObject({ ports, hasHostPart });
  });

  it.each([
    ["", 'invalid port: "": no port specified'],
    ["/udp", "no port specified"],
    ["80/icmp", "invalid proto: icmp"],
    ["x", "invalid containerPort: x"],
    ["65536", "invalid containerPort: 65536"],
    ["90-80", "invalid containerPort: 90-80"],
    ["host:1:80", "invalid IP address: host"],
    ["y:80", "invalid hostPort: y"],
    ["1-3:80-81", "invalid ranges specified for container and host Ports: 80-81 and 1-3"],
  ])("refuses %s", (word, message) => {
    expect(() => parseExposedPorts(word)).toThrow(message);
  });
});

describe("runScriptOf()", () => {
  function scriptOf(...lines: string[]) {
    return runScriptOf((parseOne(...lines) as RunInstruction).command);
  }

  it("gives the shell a line, and the only here-document as its script", () => {
    expect(scriptOf("RUN a && b")).toEqual({ kind: "shell", text: "a && b" });
    expect(scriptOf("RUN <<-EOF", "\ta", "\tEOF")).toEqual({ kind: "shell", text: "a\n" });
  });

  it("runs one that begins with #! as a program", () => {
    expect(scriptOf("RUN <<prog", "#!/usr/bin/python3", "print()", "prog")).toEqual({
      ...{ kind: "program", name: "prog", content: "#!/usr/bin/python3\nprint()\n" },
    });
  });

  it("leaves the others to the shell", () => {
    expect(scriptOf("RUN cat <<A 3<<B && x", "1", "A", "2", "B")).toEqual({
      ...{ kind: "shell", text: "cat <<A 3<<B && x\n1\nA\n2\nB" },
    });
  });

  it("runs the words of a JSON array as they are", () => {
    expect(scriptOf('RUN ["a", "b c"]')).toEqual({ kind: "words", words: ["a", "b c"] });
  });
});
