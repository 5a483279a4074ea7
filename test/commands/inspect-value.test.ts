import { describe, expect, it } from "vitest";
import { renderObject } from "../../src/cli/format.ts";
import { modernFieldNames, toInspectValue } from "../../src/commands/inspect-value.ts";

const inspected = {
  Id: "abc",
  Config: { Cmd: ["sh"], Labels: { "com.example.a": "1" } },
  NetworkSettings: { Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }] } },
  Mounts: [{ Source: "/a", Destination: "/b" }],
  State: { Health: null },
};

function render(format: string): string {
  return renderObject(
    { name: "inspect", format: modernFieldNames(format), dataType: "interface {}" },
    toInspectValue(inspected),
  );
}

describe("toInspectValue()", () => {
  it.each([
    ["{{.Id}} {{.ID}}", "abc abc\n"],
    ['{{index .Config.Labels "com.example.a"}}', "1\n"],
    ['{{index .Config.Labels "nope"}}|{{.Config.Labels.nope}}', "|<no value>\n"],
    ["{{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.User}}", "[sh] [] \n"],
    ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', "8080\n"],
    ["{{range $port, $bindings := .NetworkSettings.Ports}}{{$port}}{{end}}", "80/tcp\n"],
    ["{{range .Mounts}}{{.Src}}:{{.Dst}}{{end}}", "/a:/b\n"],
    ["{{json .Config}}", '{"Cmd":["sh"],"Labels":{"com.example.a":"1"}}\n'],
  ])("lets %s show %j", (format, text) => {
    expect(render(format)).toBe(text);
  });

  it("makes a mistake of a field that nothing has", () => {
    expect(() => render("{{.Nope}}")).toThrow(
      'template: inspect:1:2: executing "inspect" at <.Nope>: can\'t evaluate field Nope in type interface {}',
    );
  });
});
