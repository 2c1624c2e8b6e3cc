// Loaded with `node --import` by the npm scripts, in plain JavaScript so that every Node can read it. The project brings
// Node 24 as an optional dependency; where npm could not install it, one clear line is better than a syntax error.
const required = 24;

if (Number(process.versions.node.split('.')[0]) < required) {
  console.error(
    `This project runs on Node ${required}, like its Lambda functions, but this is Node ${process.versions.node}. ` +
      'Run `npm ci` without --omit=optional, or install Node 24 where no prebuilt one exists for your platform.',
  );
  process.exit(1);
}
