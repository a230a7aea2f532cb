import { Logger } from '@nestjs/common';

// What is logged in a spec is for the spec to look at, where it matters.
Logger.overrideLogger(false);
