// In one process: the tests share a cloud, whose functions are warm.
import './registry/attempts.ts';
import './registry/foreign.ts';
import './registry/sweeps.ts';
import './registry/trail.ts';
import './repetition.ts';
