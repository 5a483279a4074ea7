/** A parsed template. Each node knows its place and its text, for messages. */
interface Node {
  /** Offset in the template's text. */
  readonly at: number;
  readonly source: string;
}

export type Statement =
  | (Node & { readonly kind: "text"; readonly text: string })
  | (Node & { readonly kind: "action"; readonly pipeline: Pipeline })
  | (Node & { readonly kind: "if" | "with" | "range" } & Branch)
  | (Node & { readonly kind: "template"; readonly name: string; readonly pipeline: Pipeline | undefined })
  | (Node & { readonly kind: "break" | "continue" });

export interface Branch {
  readonly pipeline: Pipeline;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

export interface Pipeline extends Node {
  readonly kind: "pipeline";
  /** `$i, $v :=`. */
  readonly variables: readonly string[];
  /** `=` rather than `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export interface Command extends Node {
  readonly operands: readonly [Operand, ...Operand[]];
}

export type Operand =
  | (Node & { readonly kind: "dot" | "nil" })
  | (Node & { readonly kind: "field"; readonly names: readonly string[] })
  | (Node & { readonly kind: "variable"; readonly name: string; readonly names: readonly string[] })
  | (Node & { readonly kind: "function"; readonly name: string })
  | (Node & { readonly kind: "constant"; readonly value: string | number | boolean })
  /** Fields of something in parentheses. */
  | (Node & { readonly kind: "chain"; readonly operand: Operand; readonly names: readonly string[] })
  | Pipeline;

export interface Template {
  readonly name: string;
  readonly text: string;
  readonly body: readonly Statement[];
  /** Templates that the text defines, by name. */
  readonly definitions: ReadonlyMap<string, readonly Statement[]>;
}
