//! Which forms of the language a module has, each by the title of its section in the reference.
//!
//! The matches name every variant: a new form does not compile here until it has a title, nor pass until it has a section.

use flowmesh_frontend::ast::{
    Block, Expected, Expr, ExprKind, Field, Flow, Item, ItemKind, Module, Part, Statement, StatementKind,
    Test, TestKind, Type, TypeKind,
};
use std::collections::BTreeSet;

/// The titles of all forms in a module.
pub(crate) fn of(module: &Module) -> BTreeSet<&'static str> {
    let mut found = Found::default();
    module.items.iter().for_each(|item| found.item(item));
    found.0
}

#[derive(Default)]
struct Found(BTreeSet<&'static str>);

impl Found {
    fn item(&mut self, item: &Item) {
        self.0.extend(declaration(&item.kind));
        match &item.kind {
            ItemKind::Flow(flow) => self.flow(flow),
            ItemKind::Test(test) => self.test(test),
            ItemKind::Record { fields, .. }
            | ItemKind::Error { fields, .. }
            | ItemKind::Event { fields, .. } => {
                self.fields(fields);
            }
            ItemKind::Function { params, result, .. } => {
                self.fields(params);
                self.ty(result);
            }
            _ => {}
        }
    }

    fn flow(&mut self, flow: &Flow) {
        self.fields(&flow.params);
        self.block(&flow.body);
    }

    fn test(&mut self, test: &Test) {
        for statement in &test.body {
            self.0.extend(of_test(&statement.kind));
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        fields.iter().for_each(|field| self.ty(&field.ty));
    }

    fn ty(&mut self, ty: &Type) {
        let title = match &ty.kind {
            TypeKind::Name(_) => "Names",
            TypeKind::Optional(_) => "`T?`",
            TypeKind::List(_) => "`[T]`",
            TypeKind::Map(..) => "`{string: T}`",
            TypeKind::Service => "`service`",
            TypeKind::Subset(_) => "`subset of`",
            TypeKind::Operation(..) => "`op(...)`",
            TypeKind::Bad => return,
        };
        self.0.insert(title);
    }

    fn block(&mut self, block: &Block) {
        block.statements.iter().for_each(|one| self.statement(one));
    }

    fn statement(&mut self, statement: &Statement) {
        self.0.extend(title(&statement.kind));
        statement.each_part(&mut |part, _| self.part(part));
    }

    fn expr(&mut self, expr: &Expr) {
        self.0.extend(match &expr.kind {
            ExprKind::For(_) => Some("`for` as a value"),
            ExprKind::Spawn(_) => Some("`spawn`"),
            ExprKind::Start(_) => Some("`start`"),
            _ => None,
        });
        expr.each_part(&mut |part, _| self.part(part));
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Expr(expr) => self.expr(expr),
            Part::Statement(statement) => self.statement(statement),
            Part::Block(block) => self.block(block),
        }
    }
}

fn declaration(kind: &ItemKind) -> Option<&'static str> {
    Some(match kind {
        ItemKind::Use(_) => "`use`",
        ItemKind::Config { .. } => "`config`",
        ItemKind::Secret { .. } => "`secret`",
        ItemKind::Record { .. } => "`type`",
        ItemKind::Alias { .. } => "`type` with a rule",
        ItemKind::Enum { .. } => "`enum`",
        ItemKind::Error { .. } => "`error`",
        ItemKind::Policy { .. } => "`policy`",
        ItemKind::Service(_) => "`service`",
        ItemKind::Function { .. } => "`fn`",
        ItemKind::Flow(_) => "`flow`",
        ItemKind::Event { .. } => "`event`",
        ItemKind::Gateway(_) => "`gateway`",
        ItemKind::Access(_) => "`allow`, `deny`",
        ItemKind::Mesh { .. } => "`mesh`",
        ItemKind::Schedule(_) => "`schedule`",
        ItemKind::Migrate(_) => "`migrate`",
        ItemKind::Test(_) => "`test`",
        ItemKind::Bad => return None,
    })
}

fn title(kind: &StatementKind) -> Option<&'static str> {
    Some(match kind {
        StatementKind::Let { .. } => "`let`, `var`",
        StatementKind::Assign { .. } => "Assignment",
        StatementKind::Expr { .. } => "Calls",
        StatementKind::If { .. } => "`if`",
        StatementKind::Match { .. } => "`match`",
        StatementKind::For(_) => "`for`",
        StatementKind::While { .. } => "`while`",
        StatementKind::Break => "`break`",
        StatementKind::Continue => "`continue`",
        StatementKind::Parallel { .. } => "`parallel`",
        StatementKind::Race { .. } => "`race`",
        StatementKind::When { .. } => "`when`",
        StatementKind::Try { .. } => "`try`",
        StatementKind::Sleep { .. } => "`sleep`",
        StatementKind::SleepUntil { .. } => "`sleep until`",
        StatementKind::Signal { .. } => "`signal`",
        StatementKind::On { .. } => "`on`",
        StatementKind::View { .. } => "`view`",
        StatementKind::Await { .. } => "`await`",
        StatementKind::AwaitAny { .. } => "`await { }`",
        StatementKind::Within { .. } => "`within`",
        StatementKind::Lock { .. } => "`lock`",
        StatementKind::Limited { .. } => "`limit`",
        StatementKind::State { .. } => "`state`",
        StatementKind::Goto { .. } => "`goto`",
        StatementKind::Step { .. } => "`step`",
        StatementKind::Cancel { .. } => "`cancel`",
        StatementKind::Emit { .. } => "`emit`",
        StatementKind::Shift { .. } => "`shift`",
        StatementKind::Restart { .. } => "`restart with`",
        StatementKind::Tag { .. } => "`tag`",
        StatementKind::Fail { .. } => "`fail`",
        StatementKind::Return { .. } => "`return`",
        StatementKind::Log { .. } => "`log`",
        StatementKind::Block(_) | StatementKind::Bad => return None,
    })
}

fn of_test(kind: &TestKind) -> Option<&'static str> {
    Some(match kind {
        TestKind::Mock { attempted: true, .. } => "`mock ... attempted`",
        TestKind::Mock { .. } => "`mock`",
        TestKind::Start { .. } => "`start` in a test",
        TestKind::Send { .. } => "`send`",
        TestKind::Let { .. } => "`let` in a test",
        TestKind::Emit { .. } => "`emit` in a test",
        TestKind::Advance { .. } => "`advance`",
        TestKind::Cancel { .. } => "`cancel` in a test",
        TestKind::Config { .. } => "`config` in a test",
        TestKind::Crash => "`crash`",
        TestKind::Expect { always: true, .. } => "`always`",
        TestKind::Expect { what, .. } => expected(what),
        TestKind::Bad => return None,
    })
}

fn expected(what: &Expected) -> &'static str {
    match what {
        Expected::Returns { .. } => "`expect RUN returns`",
        Expected::Fails { .. } => "`expect RUN fails`",
        Expected::Is { .. } => "`expect RUN is`",
        Expected::At { .. } => "`expect RUN at`",
        Expected::Logs { .. } => "`expect RUN logs`",
        Expected::Calls { attempted: true, .. } => "`expect CALL attempted`",
        Expected::Calls { .. } => "`expect CALL`",
        Expected::Before { .. } => "`expect CALL before`",
        Expected::Spans { .. } => "`expect RUN spans`",
        Expected::Holds(_) => "`expect COND`",
    }
}
