// All in one process: the tests share clouds, whose functions are warm.
import './messages/account.ts';
import './messages/broken.ts';
import './messages/callers.ts';
import './messages/changes.ts';
import './messages/week.ts';
import './messages/words.ts';
