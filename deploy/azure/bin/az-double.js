#!/usr/bin/env node
import { main } from '../dist/az-double.js'

process.exitCode = await main(process.argv.slice(2))
