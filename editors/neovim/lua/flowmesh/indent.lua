-- How far in a line stands.

local M = {}

-- The brackets of a line: how many more are opened than closed. What stands in texts and comments does not count.
local function opened(line)
  local code = line:gsub('"[^"]*"', ""):gsub("//.*", "")
  local _, opens = code:gsub("[%[({]", "")
  local _, closes = code:gsub("[%])}]", "")
  -- A bracket that closes at the beginning of the line has moved that line already.
  local first = code:match("^%s*[%])}]") and 1 or 0
  return opens - closes + first
end

-- Whether a line follows a call and stands below it, further in.
local function tail(line)
  local word = line:match("^%s*(%l+)%s+[%a{]")
  return word == "undo" or word == "catch" or word == "with" or word == "cache"
end

function M.of(number)
  local before = vim.fn.prevnonblank(number - 1)
  if before == 0 then
    return 0
  end
  local last, line = vim.fn.getline(before), vim.fn.getline(number)
  local steps = opened(last) > 0 and 1 or 0
  if line:match("^%s*[%])}]") then
    steps = steps - 1
  end
  steps = steps + (tail(line) and 1 or 0) - (tail(last) and opened(last) <= 0 and 1 or 0)
  return vim.fn.indent(before) + steps * vim.fn.shiftwidth()
end

return M
