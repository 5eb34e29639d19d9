// Translates a CQL library and answers for patients with the reference engine of HL7.
//   node judge.mjs library.cql < patients.ndjson > answers.ndjson
// A patient is the values of the parameters by name; an answer is every definition that the first line names.

import fs from "node:fs";
import readline from "node:readline";
import { SystemModelInfoProvider } from "@cqframework/cql/cql";
import { CqlTranslator, LibraryManager, ModelManager } from "@cqframework/cql/cql-to-elm";
import cql from "cql-execution";

function translated(text) {
  const models = new ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  const translator = CqlTranslator.fromText(text, new LibraryManager(models));
  const errors = [...translator.errors.asJsReadonlyArrayView()];
  if (errors.length > 0) {
    for (const error of errors) console.error(`${error.locator?.startLine}: ${error.message}`);
    process.exit(1);
  }
  return JSON.parse(translator.toJson());
}

const library = new cql.Library(translated(fs.readFileSync(process.argv[2], "utf8")));
const dates = new Set(
  Object.values(library.parameters)
    .filter((parameter) => parameter.parameterTypeSpecifier?.name?.endsWith("}Date"))
    .map((parameter) => parameter.name),
);

// Every parameter is passed, the unknown ones as null: one that is left out would come back as its own declaration.
function parameters(patient) {
  return Object.fromEntries(
    Object.keys(library.parameters).map((name) => {
      const value = patient[name] ?? null;
      return [name, value !== null && dates.has(name) ? cql.Date.parse(value) : value];
    }),
  );
}

// A definition is pure: its value is kept for one patient, however many others name it.
let kept = new Map();
for (const [name, definition] of Object.entries(library.expressions)) {
  const execute = definition.execute.bind(definition);
  definition.execute = (context) => {
    if (!kept.has(name)) kept.set(name, execute(context));
    return kept.get(name);
  };
}

let wanted = null;
for await (const line of readline.createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  if (wanted === null) {
    wanted = given;
    continue;
  }
  const context = new cql.UnfilteredContext(library, new cql.Results(), undefined, parameters(given));
  kept = new Map();
  const answer = {};
  for (const name of wanted) {
    const found = await library.expressions[name].execute(context);
    answer[name] = found?.isDate ? found.toString() : (found ?? null);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
