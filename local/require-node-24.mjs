// Loaded with `node --import` by the npm scripts, in plain JavaScript so that every Node can read it. npm installs Node 24 as an
// optional dependency. If that failed, print a clear error.
const required = 24;

if (Number(process.versions.node.split('.')[0]) < required) {
  console.error(
    `This project runs on Node ${required}, like its Lambda functions, but this is Node ${process.versions.node}. ` +
      'Run `npm ci` without --omit=optional. If npm has no Node 24 package for your platform, install Node 24 yourself.',
  );
  process.exit(1);
}
