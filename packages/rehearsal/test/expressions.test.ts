import { describe, expect, test } from '@jest/globals'
import { evaluate, type Value, type ValueMap } from '../src/expand/index.js'

/** Pages of https://learn.microsoft.com/azure/devops/ that the cases are taken from. */
const EXPRESSIONS = 'pipelines/process/expressions'
const TEMPLATES = 'pipelines/process/template-expressions'
const CONDITIONS = 'pipelines/process/conditions'

const names: ValueMap = {
  variables: {
    'Build.SourceBranch': 'refs/heads/main',
    'Build.Reason': 'IndividualCI',
    letters: 'abc',
    numbers: '123',
    emptyString: '',
    environments: 'prod1,prod2',
  },
  parameters: {
    os: 'Windows',
    doThing: true,
    myArray: ['FOO', 'BAR', 'ZOO'],
    branchOptions: ['refs/heads/main', 'refs/heads/test'],
    listOfValues: { this_is: { a_complex: 'object', with: ['one', 'two'] } },
    resourceId:
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/kubernetes-internal',
  },
}

const cases: [string, string, Value][] = [
  [`${EXPRESSIONS}#literals`, 'True', true],
  [`${EXPRESSIONS}#literals`, 'FALSE', false],
  [`${EXPRESSIONS}#literals`, '-1.2', -1.2],
  [`${EXPRESSIONS}#literals`, "'a b c'", 'a b c'],
  [
    `${EXPRESSIONS}#string`,
    "'It''s OK if they''re using contractions.'",
    "It's OK if they're using contractions.",
  ],
  [`${EXPRESSIONS}#null`, "variables['noSuch']", null],
  [`${EXPRESSIONS}#variables`, "variables['letters']", 'abc'],
  [`${EXPRESSIONS}#variables`, 'variables.Letters', 'abc'],
  [`${EXPRESSIONS}#and`, "and(eq(variables.letters, 'ABC'), eq(variables.numbers, 123))", true],
  [`${EXPRESSIONS}#and`, "and(false, gt('no number', variables.noSuch))", false],
  [
    `${EXPRESSIONS}#coalesce`,
    "coalesce(variables.couldBeNull, variables.emptyString, 'literal so it always works')",
    'literal so it always works',
  ],
  [`${EXPRESSIONS}#contains`, "contains('ABCDE', 'BCD')", true],
  [`${EXPRESSIONS}#contains`, "contains('abcde', 'BCD')", true],
  [`${EXPRESSIONS}#endswith`, "endsWith('ABCDE', 'DE')", true],
  [`${EXPRESSIONS}#eq`, "eq(variables.letters, 'ABC')", true],
  [`${EXPRESSIONS}#eq`, "eq(1, 'no number')", false],
  [`${EXPRESSIONS}#format`, "format('Hello {0} {1}', 'John', 'Doe')", 'Hello John Doe'],
  [
    `${EXPRESSIONS}#format`,
    "format('literal left brace {{ and literal right brace }}')",
    'literal left brace { and literal right brace }',
  ],
  [`${EXPRESSIONS}#ge`, 'ge(5, 5)', true],
  [`${EXPRESSIONS}#gt`, 'gt(5, 2)', true],
  [`${EXPRESSIONS}#gt`, "gt(5, '12')", false],
  [`${EXPRESSIONS}#iif`, "iif(eq(variables.letters, 'abc'), 'yes', 'no')", 'yes'],
  [`${EXPRESSIONS}#in`, "in('B', 'A', 'B', 'C')", true],
  [`${EXPRESSIONS}#join`, "join(';', parameters.myArray)", 'FOO;BAR;ZOO'],
  [`${EXPRESSIONS}#join`, "join(';', 'one')", 'one'],
  [`${EXPRESSIONS}#le`, 'le(2, 2)', true],
  [`${EXPRESSIONS}#lower`, "lower('FOO')", 'foo'],
  [`${EXPRESSIONS}#lt`, 'lt(2, 5)', true],
  [`${EXPRESSIONS}#ne`, 'ne(1, 2)', true],
  [`${EXPRESSIONS}#ne`, "ne(1, 'no number')", true],
  [`${EXPRESSIONS}#not`, 'not(eq(1, 2))', true],
  [`${EXPRESSIONS}#notin`, "notIn('D', 'A', 'B', 'C')", true],
  [`${EXPRESSIONS}#or`, 'or(eq(1, 1), eq(2, 3))', true],
  [
    `${EXPRESSIONS}#replace`,
    "replace('https://www.tinfoilsecurity.com/saml/consume','https://www.tinfoilsecurity.com','http://server')",
    'http://server/saml/consume',
  ],
  [`${EXPRESSIONS}#split`, "split(variables.environments, ',')", ['prod1', 'prod2']],
  [`${EXPRESSIONS}#split`, "split('a,,b,', ',')", ['a', '', 'b', '']],
  [`${EXPRESSIONS}#split`, "replace(split(parameters.resourceId, '/')[8], '-', '_')", 'kubernetes_internal'],
  [`${EXPRESSIONS}#startswith`, "startsWith('ABCDE', 'AB')", true],
  [`${EXPRESSIONS}#trim`, "trim('  a b ')", 'a b'],
  [`${EXPRESSIONS}#upper`, "upper('bah')", 'BAH'],
  [`${EXPRESSIONS}#type-casting`, 'lt(False, True)', true],
  [`${EXPRESSIONS}#type-casting`, 'lt(True, False)', false],
  [`${EXPRESSIONS}#type-casting`, "coalesce(variables.emptyString, '', 'literal value')", 'literal value'],
  [`${EXPRESSIONS}#boolean-1`, "format('{0} {1}', true, false)", 'True False'],
  [
    `${EXPRESSIONS}#null-1`,
    "and(eq(0, variables.noSuch), eq('', variables.noSuch), eq(false, variables.noSuch))",
    true,
  ],
  [`${EXPRESSIONS}#number-1`, 'and(1, not(0))', true],
  [`${EXPRESSIONS}#string-1`, "and('false', not(''))", true],
  [`${EXPRESSIONS}#string-1`, "eq(1234.5, ' 1,234.5 ')", true],
  [`${TEMPLATES}#format`, "format('{0} Build', parameters.os)", 'Windows Build'],
  [`${TEMPLATES}#coalesce`, "coalesce(parameters.foo, parameters.bar, 'Nothing to see')", 'Nothing to see'],
  [
    `${TEMPLATES}#escape-a-value`,
    "'my${{value with a '' single quote too'",
    "my${{value with a ' single quote too",
  ],
  [`${CONDITIONS}#custom-conditions`, "eq(variables['Build.SourceBranch'], 'refs/heads/main')", true],
  [`${CONDITIONS}#condition-settings`, "in(variables['Build.Reason'], 'IndividualCI', 'BatchedCI')", true],
  [
    `${CONDITIONS}#condition-settings`,
    "startsWith(variables['Build.SourceBranch'], 'refs/heads/users/')",
    false,
  ],
  [`${CONDITIONS}#condition-settings`, "eq(variables.emptyString, '')", true],
  [`${CONDITIONS}#parameters-in-conditions`, "eq('True', true)", true],
]

describe('expressions', () => {
  test.each(cases)('when evaluated as in %s, then %s is as documented', (_page, text, expected) => {
    expect(evaluate(text, { names })).toEqual(expected)
  })

  test.each([
    ['and(true', /expected \), found its end/],
    ['and(true) x', /expected its end, found x/],
    ["'open", /a ' is not closed/],
    ['1.2.3', /no number. A version is written in/],
    ['parameters.*', /expected a name after the dot, found \*/],
    ['eq(1)', /eq takes 2 arguments and was given 1/],
    ['frobnicate(1)', /no function frobnicate/],
    ['succeeded()', /only in conditions/],
    ["counter('a', 1)", /no function counter. There are: and, or/],
    ['paramters.os', /paramters is not known here. Known are: variables, parameters/],
    ["gt(1, 'x')", /can't be compared/],
    ["format('{1}', 'a')", /no argument for \{1\}/],
    ["format('{0:yyyy}', 'a')", /no argument for \{/],
    ['lower(parameters.myArray)', /expected a text, found a list/],
    ['a & b', /found &/],
  ])('when %s is evaluated, then the error says what is wrong', (text, message) => {
    expect(() => evaluate(text, { names })).toThrow(message)
  })
})
