import { executionError } from "./failure.ts";
import { FunctionError } from "./function-error.ts";
import { ArgumentCountError, callFunction } from "./functions.ts";
import type { Branch, Command, Operand, Pipeline, Statement, Template } from "./tree.ts";
import { isMap, isStruct, isTrue, show, sortedEntries, typeName, type Value } from "./values.ts";

export interface ExecuteOptions {
  /** Go's name of the data's type, for messages about unknown fields. */
  readonly dataType?: string;
  /** The same for the elements of the data, which is an array then. */
  readonly elementType?: string;
}

/**
 * Runs a template on data and returns what it prints.
 * @throws {DhowError} `invalid-argument` in Go's words.
 */
export function executeTemplate(template: Template, data: Value, options: ExecuteOptions = {}): string {
  const run: Run = {
    template,
    options,
    data,
    output: [],
    variables: [{ name: "$", value: data }],
    executing: template.name,
    depth: 0,
    node: { at: 0, source: "" },
  };
  runStatements(run, template.body, data);
  return run.output.join("");
}

interface Run {
  readonly template: Template;
  readonly options: ExecuteOptions;
  readonly data: Value;
  readonly output: string[];
  variables: { readonly name: string; value: Value }[];
  executing: string;
  depth: number;
  /** What is evaluated, for messages. */
  node: { readonly at: number; readonly source: string };
}

type Jump = "break" | "continue" | undefined;

/** What no pipeline stage has given yet. */
const nothing = Symbol("nothing");
const maxDepth = 1000;

function fail(run: Run, message: string): never {
  const { name, text } = run.template;
  throw executionError({ name, text, executing: run.executing, at: run.node.at, node: run.node.source, message });
}

function runStatements(run: Run, statements: readonly Statement[], dot: Value): Jump {
  for (const statement of statements) {
    const jump = runStatement(run, statement, dot);
    if (jump) return jump;
  }
  return undefined;
}

function runStatement(run: Run, statement: Statement, dot: Value): Jump {
  switch (statement.kind) {
    case "text":
      run.output.push(statement.text);
      return undefined;
    case "action": {
      const value = evaluatePipeline(run, statement.pipeline, dot);
      if (statement.pipeline.variables.length === 0) run.output.push(show(value));
      return undefined;
    }
    case "if":
    case "with":
      return runCondition(run, statement, dot);
    case "range":
      return runRange(run, statement, dot);
    case "template":
      runDefinition(run, statement, dot);
      return undefined;
    case "break":
    case "continue":
      return statement.kind;
  }
}

function runCondition(run: Run, statement: Statement & Branch, dot: Value): Jump {
  const mark = run.variables.length;
  const value = evaluatePipeline(run, statement.pipeline, dot);
  const jump = isTrue(value)
    ? runStatements(run, statement.body, statement.kind === "with" ? value : dot)
    : runStatements(run, statement.otherwise, dot);
  run.variables.length = mark;
  return jump;
}

function runRange(run: Run, statement: Statement & Branch, dot: Value): Jump {
  const mark = run.variables.length;
  const { variables, assigns } = statement.pipeline;
  const value = evaluatePipeline(run, { ...statement.pipeline, variables: [] }, dot);
  const entries = entriesOf(run, value);
  const bind = (index: Value, element: Value) => {
    const given = variables.length === 1 ? [element] : [index, element];
    variables.forEach((name, position) => {
      if (assigns) assignVariable(run, name, given[position]);
      else run.variables.push({ name, value: given[position] });
    });
  };
  let jump: Jump;
  for (const [index, element] of entries) {
    bind(index, element);
    jump = runStatements(run, statement.body, element);
    run.variables.length = mark;
    if (jump === "break") break;
  }
  if (entries.length === 0) jump = runStatements(run, statement.otherwise, dot);
  run.variables.length = mark;
  return entries.length === 0 ? jump : undefined;
}

/** Nobody means to print more lines than this. */
const longestCount = 10_000_000;

function entriesOf(run: Run, value: Value): readonly (readonly [Value, Value])[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((element, index) => [index, element]);
  if (isMap(value)) return sortedEntries(value);
  if (typeof value === "number" && Number.isInteger(value) && value <= longestCount)
    return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index]);
  return fail(run, `range can't iterate over ${show(value)}`);
}

function runDefinition(run: Run, statement: Statement & { kind: "template" }, dot: Value): void {
  run.node = statement;
  const body = run.template.definitions.get(statement.name);
  if (!body) fail(run, `template ${JSON.stringify(statement.name)} not defined`);
  if (run.depth === maxDepth) fail(run, `exceeded maximum template depth (${maxDepth})`);
  const value = statement.pipeline ? evaluatePipeline(run, statement.pipeline, dot) : undefined;
  const { variables, executing } = run;
  run.variables = [{ name: "$", value }];
  run.executing = statement.name;
  run.depth++;
  runStatements(run, body, value);
  run.depth--;
  run.executing = executing;
  run.variables = variables;
}

function evaluatePipeline(run: Run, pipeline: Pipeline, dot: Value): Value {
  run.node = pipeline;
  let value: Value = nothing;
  for (const command of pipeline.commands) value = evaluateCommand(run, command, { dot, piped: value });
  for (const name of pipeline.variables) {
    if (pipeline.assigns) assignVariable(run, name, value);
    else run.variables.push({ name, value });
  }
  return value;
}

/** The parser has made sure that the variable is known. */
function assignVariable(run: Run, name: string, value: Value): void {
  const found = run.variables.findLast((variable) => variable.name === name);
  if (found) found.value = value;
}

interface Surroundings {
  readonly dot: Value;
  /** What the stage before has given. */
  readonly piped: Value;
}

function evaluateCommand(run: Run, command: Command, surroundings: Surroundings): Value {
  const [first, ...others] = command.operands;
  if (first.kind === "function")
    return evaluateCall(run, { name: first.name, node: first, whole: command, others }, surroundings);
  const values = () => argumentsOf(run, others, surroundings);
  const hasArguments = others.length > 0 || surroundings.piped !== nothing;
  if (first.kind === "field" || first.kind === "variable" || first.kind === "chain") {
    return evaluateFields(run, first, { dot: surroundings.dot, values });
  }
  if (hasArguments) {
    run.node = first;
    fail(run, `can't give argument to non-function ${first.source}`);
  }
  if (first.kind === "nil") {
    run.node = first;
    fail(run, "nil is not a command");
  }
  return evaluateOperand(run, first, surroundings.dot);
}

function argumentsOf(run: Run, operands: readonly Operand[], { dot, piped }: Surroundings): Value[] {
  const values = operands.map((operand) => evaluateOperand(run, operand, dot));
  return piped === nothing ? values : [...values, piped];
}

function evaluateOperand(run: Run, operand: Operand, dot: Value): Value {
  run.node = operand;
  switch (operand.kind) {
    case "dot":
      return dot;
    case "nil":
      return null;
    case "constant":
      return operand.value;
    case "pipeline":
      return evaluatePipeline(run, operand, dot);
    case "function":
      return evaluateCall(
        run,
        { name: operand.name, node: operand, whole: operand, others: [] },
        { dot, piped: nothing },
      );
    case "field":
    case "variable":
    case "chain":
      return evaluateFields(run, operand, { dot, values: () => [] });
  }
}

type FieldOperand = Operand & { kind: "field" | "variable" | "chain" };

function evaluateFields(
  run: Run,
  operand: FieldOperand,
  { dot, values }: { dot: Value; values: () => Value[] },
): Value {
  let value = receiverOf(run, operand, dot);
  const last = operand.names.length - 1;
  if (last < 0 && values().length > 0) fail(run, `can't give argument to non-function ${operand.source}`);
  operand.names.forEach((name, index) => {
    const given = index === last ? values() : [];
    run.node = operand;
    value = fieldOf(run, value, { name, values: given });
  });
  return value;
}

function receiverOf(run: Run, operand: FieldOperand, dot: Value): Value {
  if (operand.kind === "field") return dot;
  if (operand.kind === "chain") return evaluateOperand(run, operand.operand, dot);
  return run.variables.findLast(({ name }) => name === operand.name)?.value;
}

function fieldOf(run: Run, value: Value, { name, values }: { name: string; values: readonly Value[] }): Value {
  if (value === undefined) return undefined;
  if (value === null) return fail(run, `nil pointer evaluating interface {}.${name}`);
  if (isMap(value)) {
    if (values.length > 0) fail(run, `${name} is not a method but has arguments`);
    return value.get(name);
  }
  if (!isStruct(value) || !hasField(value, name)) {
    return fail(run, `can't evaluate field ${name} in type ${typeOf(run, value)}`);
  }
  const field = value[name];
  if (typeof field === "function") return field.apply(value, values) ?? null;
  if (values.length > 0) fail(run, `${name} has arguments but cannot be invoked as function`);
  return field ?? null;
}

/** Also fields that are getters of a class; never what every object has. */
function hasField(value: object, name: string): boolean {
  return name in value && !(name in Object.prototype);
}

function typeOf({ data, options }: Run, value: Value): string {
  if (value === data) return options.dataType ?? typeName(value);
  return Array.isArray(data) && data.includes(value) ? (options.elementType ?? typeName(value)) : typeName(value);
}

interface FunctionCall {
  readonly name: string;
  readonly node: Operand;
  /** The call with its operands, for messages. */
  readonly whole: Run["node"];
  readonly others: readonly Operand[];
}

function evaluateCall(run: Run, call: FunctionCall, surroundings: Surroundings): Value {
  const { name, node, whole, others } = call;
  run.node = node;
  if (name === "and" || name === "or") return evaluateLogic(run, call, surroundings);
  const values = argumentsOf(run, others, surroundings);
  run.node = node;
  if (name === "not") {
    if (values.length !== 1) fail(run, `wrong number of args for not: want 1 got ${values.length}`);
    return !isTrue(values[0]);
  }
  try {
    return callFunction(name, values);
  } catch (error) {
    if (error instanceof ArgumentCountError) return fail(run, `wrong number of args for ${name}: ${error.message}`);
    run.node = whole;
    if (error instanceof FunctionError) return fail(run, `error calling ${name}: ${error.message}`);
    throw error;
  }
}

/** `and` and `or` evaluate no further than they need. */
function evaluateLogic(run: Run, { name, others }: FunctionCall, { dot, piped }: Surroundings): Value {
  if (others.length === 0 && piped === nothing) fail(run, `wrong number of args for ${name}: want at least 1 got 0`);
  let value: Value = piped;
  for (const operand of others) {
    value = evaluateOperand(run, operand, dot);
    if (isTrue(value) === (name === "or")) return value;
  }
  return piped === nothing ? value : piped;
}
