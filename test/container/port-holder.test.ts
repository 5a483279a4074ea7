import { describe, expect, it } from "vitest";
import { nameHolder } from "../../src/container/port-holder.ts";
import { DhowError } from "../../src/errors.ts";
import type { ContainerConfig, PortMapping } from "../../src/model/container-config.ts";
import { openFixture } from "./fixture.ts";

const taken = new DhowError("cannot publish port 8080", { kind: "conflict", hint: "stop what listens there" });
const port = (hostPort: number, hostIp = ""): PortMapping => ({ hostIp, hostPort, containerPort: 80, protocol: "tcp" });
const network = (...ports: PortMapping[]) => ({ mode: "pasta", ports }) as unknown as ContainerConfig["network"];

describe("nameHolder()", () => {
  it.each([
    { holds: port(8080), wants: port(8080, "127.0.0.1"), named: true },
    { holds: port(8080, "127.0.0.1"), wants: port(8080), named: true },
    { holds: port(8080, "127.0.0.1"), wants: port(8080, "192.0.2.1"), named: false },
    { holds: port(8081), wants: port(8080), named: false },
    { holds: { ...port(8080), protocol: "udp" as const }, wants: port(8080), named: false },
  ])(
    "$holds.hostIp:$holds.hostPort/$holds.protocol and $wants.hostIp:$wants.hostPort: $named",
    ({ holds, wants, named }) => {
      using fixture = openFixture();
      fixture.add("web", { state: "running" }, { network: network(holds) });
      const record = fixture.add("other", {}, { network: network(wants) });
      const { hint } = nameHolder(fixture.engine, record, taken) as DhowError;
      expect(hint).toMatch(named ? /^container web \(0{12}\) publishes it/ : /^stop what listens there$/);
    },
  );
  it("knows that what does not run holds nothing, and leaves other failures alone", () => {
    using fixture = openFixture();
    fixture.add("web", { state: "exited" }, { network: network(port(8080)) });
    const record = fixture.add("other", {}, { network: network(port(8080)) });
    expect(nameHolder(fixture.engine, record, taken)).toBe(taken);
    const unrelated = new DhowError("no", { kind: "unavailable" });
    expect(nameHolder(fixture.engine, record, unrelated)).toBe(unrelated);
  });
});
