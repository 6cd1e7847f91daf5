// Evaluates GitHub expressions: a line of JSON in, a line of JSON out.
import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

const fixed = (name, value) => ({
  name,
  minArgs: 0,
  maxArgs: 0,
  call: () => new data.BooleanData(value),
});

function evaluate({ expression, contexts, status }) {
  const functions = Object.entries(status).map(([name, value]) => fixed(name, value));
  const tokens = new Lexer(expression).lex().tokens;
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse();
  const values = JSON.parse(JSON.stringify(contexts), data.reviver);
  const known = new Map(functions.map((one) => [one.name, one]));
  const result = new Evaluator(tree, values, known).evaluate();
  return { value: JSON.parse(JSON.stringify(result, data.replacer) ?? "null"), text: result.coerceString() };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = evaluate(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
