import { describe, expect, it } from "vitest";
import { renderObject } from "../../src/cli/format.ts";
import { viewOf } from "../../src/commands/info-view.ts";

const information = {
  host: {
    cgroupVersion: "v2",
    cpus: 2,
    ociRuntime: { name: "crun" },
    idMappings: { uidmap: [{ container_id: 0, host_id: 1000 }] },
  },
  registries: new Map([["search", ["quay.io"]]]),
};
const render = (format: string) => renderObject({ name: "info", format }, viewOf(information) as object);

describe("viewOf()", () => {
  it.each([
    ["{{.Host.CgroupsVersion}} {{.Host.CPUs}} {{.Host.OCIRuntime.Name}}", "v2 2 crun\n"],
    ["{{range .Host.IDMappings.UIDMap}}{{.ContainerID}}:{{.HostID}}{{end}}", "0:1000\n"],
    ["{{json .Host.IDMappings}}", '{"uidmap":[{"container_id":0,"host_id":1000}]}\n'],
    ['{{index .Registries "search"}}', "[quay.io]\n"],
  ])("has podman's fields and JSON names: %s", (format, text) => expect(render(format)).toBe(text));
});
