/** Why a function of a template cannot give a value; it becomes part of the template's error. */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
}
