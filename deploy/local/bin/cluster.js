#!/usr/bin/env node
import '../dist/cluster/main.js'
