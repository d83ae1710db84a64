;;; flowmesh-mode-test.el --- What the mode does  -*- lexical-binding: t; -*-

;;; Commentary:

;; emacs --batch -L . -l flowmesh-mode-test.el -f ert-run-tests-batch-and-exit
;; The variable FLOWMESH of the environment names the program that is spoken with.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'flowmesh-mode)

(defun flowmesh-test--face (text at)
  "The face of the first character of AT in TEXT."
  (with-temp-buffer
    (insert text)
    (flowmesh-mode)
    (font-lock-ensure)
    (goto-char (point-min))
    (search-forward at)
    (get-text-property (match-beginning 0) 'face)))

(ert-deftest flowmesh-a-file-has-the-mode ()
  (should (eq (assoc-default "shop.flow" auto-mode-alist #'string-match) 'flowmesh-mode)))

(ert-deftest flowmesh-words-have-colours ()
  (let ((text "/// Doc\nflow buy(order: Order) {\n  step pack \"a // b\" { log \"c\" }\n  let step = cancel + true\n}\n"))
    (should (memq (flowmesh-test--face text "Doc") '(font-lock-comment-face)))
    (should (eq (flowmesh-test--face text "flow") 'font-lock-keyword-face))
    (should (eq (flowmesh-test--face text "buy") 'font-lock-function-name-face))
    (should (eq (flowmesh-test--face text "Order)") 'font-lock-type-face))
    (should (eq (flowmesh-test--face text "step pack") 'font-lock-keyword-face))
    (should (eq (flowmesh-test--face text "// b") 'font-lock-string-face))
    (should (eq (flowmesh-test--face text "log") 'font-lock-keyword-face))
    (should (eq (flowmesh-test--face text "step =") 'font-lock-variable-name-face))
    (should (eq (flowmesh-test--face text "cancel") nil))
    (should (eq (flowmesh-test--face text "true") 'font-lock-constant-face))))

(ert-deftest flowmesh-lines-are-moved-in ()
  (with-temp-buffer
    (insert "flow a() {\nlog \"b {c}\"\nlet d = f(\n1,\n)\nif x {\nlog \"}\"\n}\n}\n")
    (flowmesh-mode)
    (let ((inhibit-message t))
      (indent-region (point-min) (point-max)))
    (should (equal (buffer-string)
                   "flow a() {\n  log \"b {c}\"\n  let d = f(\n    1,\n  )\n  if x {\n    log \"}\"\n  }\n}\n"))))

(defun flowmesh-test--moved (before after)
  "The first line of AFTER that is another one in BEFORE."
  (cl-loop for old in (split-string before "\n") for new in (split-string after "\n")
           unless (equal old new) return (list old new)))

(ert-deftest flowmesh-every-example-stays-as-it-is ()
  "What `flowmesh fmt' lays out is not moved."
  (let* ((here (file-name-directory (locate-library "flowmesh-mode")))
         (file (expand-file-name "../../examples/shop/shop.flow" here)))
    (with-temp-buffer
      (insert-file-contents file)
      (flowmesh-mode)
      (let ((before (buffer-string)) (inhibit-message t))
        (indent-region (point-min) (point-max))
        ;; Not as one comparison, which would print both texts.
        (should-not (flowmesh-test--moved before (buffer-string)))))))

(ert-deftest flowmesh-a-finding-leads-to-its-line ()
  (with-temp-buffer
    (insert "F0204\n\n  × unknown name `y`\n   ╭─[err.flow:2:10]\n")
    (goto-char (point-min))
    (should (re-search-forward (nth 1 flowmesh-error-regexp) nil t))
    (should (equal (list (match-string 1) (match-string 2) (match-string 3)) '("err.flow" "2" "10")))))

(ert-deftest flowmesh-eglot-shows-what-is-wrong ()
  (skip-unless (and (getenv "FLOWMESH") (require 'eglot nil t)))
  (let* ((flowmesh-program (getenv "FLOWMESH"))
         (folder (make-temp-file "flowmesh" t))
         (file (expand-file-name "wrong.flow" folder)))
    (with-temp-file file (insert "flow total(price: int) -> int {\n  return prize * 2\n}\n"))
    (unwind-protect
        (with-current-buffer (find-file-noselect file)
          (let ((eglot-sync-connect t) (inhibit-message t))
            (apply #'eglot (eglot--guess-contact)))
          (flymake-start)
          (with-timeout (60 (ert-fail "no diagnostic came"))
            (while (null (flymake-diagnostics)) (accept-process-output nil 0.05)))
          (should (string-match-p "unknown name `prize`" (flymake-diagnostic-text (car (flymake-diagnostics)))))
          (goto-char (point-min))
          (search-forward "prize")
          (replace-match "price   ")
          (eglot-format-buffer)
          (should (equal (buffer-string) "flow total(price: int) -> int {\n  return price * 2\n}\n"))
          (set-buffer-modified-p nil)
          (eglot-shutdown (eglot-current-server)))
      (delete-directory folder t))))

(provide 'flowmesh-mode-test)
;;; flowmesh-mode-test.el ends here
