// Runs the rules that come in over the rows that come in; says which hold, and how much processor time that took.
const { readFileSync } = require("fs");
const { Engine } = require("json-rules-engine");

async function main() {
  const { rules, rows } = JSON.parse(readFileSync(0, "utf8"));
  const engine = new Engine(rules, { allowUndefinedFacts: true });
  const before = process.cpuUsage();
  const holds = [];
  for (const row of rows) {
    const { events } = await engine.run(row);
    holds.push(events.map((event) => event.type));
  }
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({ holds, seconds: (used.user + used.system) / 1e6 }));
}

main();
