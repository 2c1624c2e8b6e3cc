import './messages/broken.ts';
