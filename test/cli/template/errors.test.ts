import { describe, expect, it } from "vitest";
import { executeTemplate } from "../../../src/cli/template/execute.ts";
import { parseTemplate } from "../../../src/cli/template/parser.ts";

const data = {
  Name: "web",
  Size: 3,
  List: ["a"],
  Labels: new Map([["k", "v"]]),
  Health: null,
  State: { Running: true },
};

function messageOf(text: string): string {
  try {
    executeTemplate(parseTemplate("ps", text), data);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("parseTemplate() complains as Go", () => {
  it.each([
    ["{{.ID", "template: ps:1: unclosed action"],
    ["a\n{{if .Name}}x", "template: ps:2: unexpected EOF"],
    ["{{end}}", "template: ps:1: unexpected {{end}}"],
    ["{{nosuch .Name}}", 'template: ps:1: function "nosuch" not defined'],
    ["{{$x}}", 'template: ps:1: undefined variable "$x"'],
    ["{{if .Name}}{{$y := 1}}{{end}}{{$y}}", 'template: ps:1: undefined variable "$y"'],
    ["{{}}", "template: ps:1: missing value for command"],
    ["{{if}}x{{end}}", "template: ps:1: missing value for if"],
    ['{{"abc}}', "template: ps:1: unterminated quoted string"],
    ["{{(.Name}}", "template: ps:1: unclosed left paren"],
    ["{{.Name)}}", "template: ps:1: unexpected right paren"],
    ["{{break}}", "template: ps:1: {{break}} outside {{range}}"],
    ["{{/* no end", "template: ps:1: unclosed comment"],
    ["{{.Name | }}", "template: ps:1: missing value for command"],
    ["{{{.Name}}", "template: ps:1: bad character U+007B '{'"],
    ["{{.Name | .}}", "template: ps:1: non executable command in pipeline stage 2"],
    ["{{if .Name}}a{{else}}b{{else}}c{{end}}", "template: ps:1: expected end; found {{else}}"],
  ])("%s", (text, message) => {
    expect(messageOf(text)).toBe(message);
  });
});

describe("executeTemplate() complains as Go", () => {
  it.each([
    ["{{.Nosuch}}", 'template: ps:1:2: executing "ps" at <.Nosuch>: can\'t evaluate field Nosuch in type struct'],
    [
      "{{.constructor}}",
      'template: ps:1:2: executing "ps" at <.constructor>: can\'t evaluate field constructor in type struct',
    ],
    ["{{.toString}}", 'template: ps:1:2: executing "ps" at <.toString>: can\'t evaluate field toString in type struct'],
    ["{{.Name.X}}", 'template: ps:1:7: executing "ps" at <.Name.X>: can\'t evaluate field X in type string'],
    [
      "x\n {{.State.Nope}}",
      'template: ps:2:9: executing "ps" at <.State.Nope>: can\'t evaluate field Nope in type struct',
    ],
    [
      "{{.Health.Status}}",
      'template: ps:1:9: executing "ps" at <.Health.Status>: nil pointer evaluating interface {}.Status',
    ],
    [
      "{{index .List 5}}",
      'template: ps:1:2: executing "ps" at <index .List 5>: error calling index: index out of range: 5',
    ],
    ["{{range .Name}}{{end}}", 'template: ps:1:8: executing "ps" at <.Name>: range can\'t iterate over web'],
    ["{{len .Size}}", 'template: ps:1:2: executing "ps" at <len .Size>: error calling len: len of type int'],
    [
      "{{lt .Size .Name}}",
      'template: ps:1:2: executing "ps" at <lt .Size .Name>: error calling lt: incompatible types for comparison',
    ],
    ['{{template "T"}}', 'template: ps:1:11: executing "ps" at <{{template "T"}}>: template "T" not defined'],
    ["{{not}}", 'template: ps:1:2: executing "ps" at <not>: wrong number of args for not: want 1 got 0'],
    [
      "{{.Name 1}}",
      'template: ps:1:2: executing "ps" at <.Name>: Name has arguments but cannot be invoked as function',
    ],
    [
      '{{define "T"}}{{.Nosuch}}{{end}}{{template "T" .}}',
      'template: ps:1:16: executing "T" at <.Nosuch>: can\'t evaluate field Nosuch in type struct',
    ],
  ])("%s", (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it("stops templates that call themselves without end", () => {
    expect(messageOf('{{define "T"}}{{template "T" .}}{{end}}{{template "T" .}}')).toContain(
      "exceeded maximum template depth",
    );
  });
});
