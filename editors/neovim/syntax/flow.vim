" Colours by lines, for Neovim without a tree-sitter parser, and for Vim.

if exists('b:current_syntax')
  finish
endif

syntax keyword flowReserved and as await break catch continue else fail for has if in let log match matches not or
syntax keyword flowReserved parallel return signal sleep undo var when while with
syntax keyword flowConstant true false none
syntax match flowDeclaration /^\s*\%(use\|config\|secret\|type\|enum\|error\|event\|policy\|service\|fn\|flow\|gateway\|allow\|deny\|schedule\|mesh\|migrate\|test\|op\)\>\ze\s*[A-Za-z"{]/
syntax match flowStatement /\<\%(race\|try\|finally\|spawn\|start\|emit\|cancel\|goto\|lock\|limit\|within\|shift\|restart\|tag\|view\|state\|step\|on\|transient\)\>\ze\s\+[A-Za-z0-9"{]/
syntax match flowTest /^\s*\%(expect\|always\|mock\|send\|advance\|crash\)\>/
syntax match flowType /\<[A-Z]\w*\>/
syntax match flowKey /\<\h\w*\ze\s*:/
syntax match flowCall /\<\l\w*\ze(/
syntax match flowNumber /\<\d[0-9_]*\%(\.\d[0-9_]*\)\?\w*%\?/
syntax match flowOperator /->\|=>\|[=!<>]=\|??\|\.\.\|[-+*%<>=?]/
syntax match flowComment +//.*$+
syntax match flowDoc +//[/!].*$+
syntax match flowEscape /\\./ contained
syntax region flowHole matchgroup=Special start=/{\%(\d\+\%(,\d*\)\?}\)\@!/ end=/}/ contained contains=TOP
syntax region flowText start=/"/ skip=/\\./ end=/"/ oneline contains=flowEscape,flowHole
syntax region flowText start=/"""/ skip=/\\./ end=/"""/ contains=flowEscape,flowHole

highlight default link flowReserved Keyword
highlight default link flowDeclaration Keyword
highlight default link flowStatement Keyword
highlight default link flowTest Keyword
highlight default link flowConstant Constant
highlight default link flowType Type
highlight default link flowKey Identifier
highlight default link flowCall Function
highlight default link flowNumber Number
highlight default link flowOperator Operator
highlight default link flowComment Comment
highlight default link flowDoc SpecialComment
highlight default link flowEscape Special
highlight default link flowText String

let b:current_syntax = 'flow'
