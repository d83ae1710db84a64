;;; flowmesh-mode.el --- Programs of the flowmesh language  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Colours, indentation and comments of `.flow' files, `flowmesh lsp' through eglot, and commands that check and test.

;;; Code:

(require 'compile)

(defgroup flowmesh nil
  "Programs of the flowmesh language."
  :group 'languages)

(defcustom flowmesh-program "flowmesh"
  "The program: a name that is looked up in the variable `exec-path', or a path."
  :type 'string)

(defcustom flowmesh-indent-offset 2
  "How many columns what stands in brackets is moved in."
  :type 'integer
  :safe #'integerp)

(defvar flowmesh-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?_ "w" table)
    (dolist (sign '(?+ ?- ?* ?% ?< ?> ?= ?? ?. ?, ?:))
      (modify-syntax-entry sign "." table))
    table)
  "Which characters belong together.")

(defconst flowmesh--declarations
  '("use" "config" "secret" "type" "enum" "error" "event" "policy" "service" "fn" "flow" "gateway" "allow" "deny"
    "schedule" "mesh" "migrate" "test" "op")
  "Words that begin a declaration.")

(defconst flowmesh--reserved
  '("and" "as" "await" "break" "catch" "continue" "else" "fail" "for" "has" "if" "in" "let" "log" "match" "matches"
    "not" "or" "parallel" "return" "signal" "sleep" "undo" "var" "when" "while" "with")
  "Words that are reserved everywhere.")

(defconst flowmesh--free
  '("race" "try" "finally" "spawn" "start" "emit" "cancel" "goto" "lock" "limit" "within" "shift" "restart" "tag" "view"
    "state" "step" "on" "transient" "expect" "always" "mock" "send" "advance")
  "Words that begin a statement where something follows them, and are names elsewhere.")

(defconst flowmesh-font-lock-keywords
  `((,(concat "^\\s-*" (regexp-opt '("flow" "fn" "op") 'words) "\\s-+\\(\\sw+\\)")
     (1 font-lock-keyword-face) (2 font-lock-function-name-face))
    (,(concat "^\\s-*" (regexp-opt '("type" "enum" "error" "event") 'words) "\\s-+\\(\\sw+\\)")
     (1 font-lock-keyword-face) (2 font-lock-type-face))
    (,(concat "^\\s-*" (regexp-opt flowmesh--declarations 'words) "\\s-+[[:alpha:]_\"{]")
     (1 font-lock-keyword-face))
    ("\\_<\\(let\\|var\\)\\s-+\\(\\sw+\\)" (2 font-lock-variable-name-face))
    ("\\_<\\(\\sw+\\)\\s-*:" (1 font-lock-variable-name-face))
    (,(regexp-opt flowmesh--reserved 'words) . font-lock-keyword-face)
    (,(concat "\\(?:^\\|[{>]\\|else\\)\\s-*" (regexp-opt flowmesh--free 'words) "\\(?:\\s-+[[:alnum:]_\"]\\|\\s-*{\\)")
     (1 font-lock-keyword-face))
    ("\\_<\\(true\\|false\\|none\\)\\_>" . font-lock-constant-face)
    ("\\_<[[:upper:]]\\sw*" . font-lock-type-face)
    ("\\_<\\([[:lower:]_]\\sw*\\)(" (1 font-lock-function-name-face)))
  "What has which colour.")

(defun flowmesh-indent-line ()
  "Move the line in by the brackets that are open at its beginning."
  (interactive)
  (let ((column (flowmesh--column))
        (from-end (- (point-max) (point))))
    (indent-line-to column)
    (when (> (- (point-max) from-end) (point))
      (goto-char (- (point-max) from-end)))))

(defun flowmesh--column ()
  "The column at which the line of point should begin."
  (save-excursion
    (back-to-indentation)
    (let ((state (syntax-ppss))
          (closes (looking-at-p "[])}]"))
          ;; What follows a call stands below it, further in.
          (tail (if (looking-at-p "\\(?:undo\\|catch\\|with\\|cache\\)\\_>\\s-*[[:alpha:]{]") flowmesh-indent-offset 0)))
      (cond
       ;; A text of several lines is left as it is.
       ((nth 3 state) (current-indentation))
       ((null (nth 1 state)) 0)
       (t (goto-char (nth 1 state))
          (+ (current-indentation) tail (if closes 0 flowmesh-indent-offset)))))))

(defconst flowmesh-error-regexp
  '(flowmesh "^\\s-+╭─\\[\\([^]:]+\\):\\([0-9]+\\):\\([0-9]+\\)\\]" 1 2 3)
  "Where a finding stands, in the form that `compilation-error-regexp-alist-alist' has.")

(add-to-list 'compilation-error-regexp-alist-alist flowmesh-error-regexp)
(add-to-list 'compilation-error-regexp-alist 'flowmesh)

(defun flowmesh--command (command)
  "Carry COMMAND out on the file of this buffer, in a buffer of its own."
  (save-buffer)
  (let ((file (shell-quote-argument (expand-file-name buffer-file-name))))
    (compile (format "%s %s %s" (shell-quote-argument flowmesh-program) command file))))

(defun flowmesh-check ()
  "Check this program."
  (interactive)
  (flowmesh--command "check"))

(defun flowmesh-test ()
  "Carry out the tests of this program."
  (interactive)
  (flowmesh--command "test"))

(defvar flowmesh-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'flowmesh-check)
    (define-key map (kbd "C-c C-t") #'flowmesh-test)
    map)
  "What keys do.")

;;;###autoload
(define-derived-mode flowmesh-mode prog-mode "Flow"
  "A program of the flowmesh language."
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "//[/!]?\\s-*")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil)
  (setq-local tab-width flowmesh-indent-offset)
  (setq-local indent-line-function #'flowmesh-indent-line)
  (setq-local electric-indent-chars (append "{}[]()" electric-indent-chars))
  (setq-local font-lock-defaults '(flowmesh-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.flow\\'" . flowmesh-mode))

(defun flowmesh--server (&rest _)
  "The command that serves an editor."
  (list flowmesh-program "lsp"))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(flowmesh-mode . flowmesh--server)))

(provide 'flowmesh-mode)
;;; flowmesh-mode.el ends here
