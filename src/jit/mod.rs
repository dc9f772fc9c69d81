//! In: a kernel body and a host. Out: machine code that computes it over neighbouring elements.
//! Never: files, threads, an instruction that traps, or a byte written outside an output.
//!
//! [`compile`] reads as the list of what happens: the body is planned (`plan`: what is computed
//! once, which loops a strip needs), written as CLIF (`loops` around `lower`, `emit`,
//! `cast` and `fold`), turned into machine code by Cranelift, and placed in memory
//! (`kernel`). Answers equal `math::scalar` to the bit at every SIMD level.

mod cache;
mod calls;
mod cast;
mod emit;
mod fold;
mod host;
mod kernel;
mod lanes;
mod loops;
mod lower;
mod native;
mod plan;
#[cfg(test)]
mod tests;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::Function;
use cranelift_codegen::{CodegenError, Context};

pub use cache::Cache;
pub use host::Host;
pub use kernel::{Kernel, SCRATCH_ALIGN};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{Body, BodyInst};
use crate::limits::MAX_KERNEL_REGS;
use crate::math::strip::Routine;
use plan::Plan;

/// Compiles a body. Where this fails (executable memory refused, a body above the limits) the
/// error's code is [`Code::Compile`], and the interpreter computes the same.
pub fn compile(body: &Body, host: &Host) -> Result<Kernel> {
    let (function, plan) = clif(body, host)?;
    let mut context = Context::for_function(function);
    let (code, align) = machine_code(&mut context, host)?;
    Kernel::new(body, host, &code, align, plan.scratch_bytes)
}

/// The CLIF of a body's kernel, as text; addresses of strip routines appear as names.
pub fn clif_text(body: &Body, host: &Host) -> Result<String> {
    let (function, _) = clif(body, host)?;
    Ok(name_routines(body, host, function.display().to_string()))
}

/// The machine code of a body's kernel, as text; addresses of strip routines appear as names.
pub fn asm_text(body: &Body, host: &Host) -> Result<String> {
    let (function, _) = clif(body, host)?;
    let mut context = Context::for_function(function);
    context.set_disasm(true);
    machine_code(&mut context, host)?;
    let text = context.compiled_code().and_then(|code| code.vcode.clone());
    Ok(name_routines(body, host, text.unwrap_or_default()))
}

fn clif(body: &Body, host: &Host) -> Result<(Function, Plan)> {
    if body.regs.len() > MAX_KERNEL_REGS {
        let message = format!("a kernel of more than {MAX_KERNEL_REGS} values");
        return Err(Error::new(ErrorKind::Limit, Code::Compile, message));
    }
    let plan = Plan::new(body, host.level())?;
    let function = loops::function(body, &plan, host.level(), &**host.isa())?;
    Ok((function, plan))
}

fn machine_code(context: &mut Context, host: &Host) -> Result<(Vec<u8>, u32)> {
    let compiled = context
        .compile(&**host.isa(), &mut ControlPlane::default())
        .map_err(|cause| failed(&cause.inner))?;
    if !compiled.buffer.relocs().is_empty() {
        let message = "a kernel needs an outside symbol";
        return Err(Error::new(ErrorKind::Internal, Code::Compile, message));
    }
    Ok((compiled.code_buffer().to_vec(), compiled.buffer.alignment))
}

fn failed(cause: &CodegenError) -> Error {
    let kind = match cause {
        CodegenError::ImplLimitExceeded | CodegenError::CodeTooLarge => ErrorKind::Limit,
        CodegenError::Verifier(_)
        | CodegenError::Unsupported(_)
        | CodegenError::RegisterMappingError(_)
        | CodegenError::Regalloc(_) => ErrorKind::Internal,
    };
    Error::new(
        kind,
        Code::Compile,
        format!("cannot compile a kernel: {cause}"),
    )
}

/// Addresses differ from run to run; the text should not.
fn name_routines(body: &Body, host: &Host, mut text: String) -> String {
    for (reg, data) in body.regs.iter() {
        let BodyInst::Map(map) = data.inst else {
            continue;
        };
        if plan::is_native(body, reg, map) {
            continue;
        }
        let Ok(routine) = plan::routine(body, reg, map, host.level()) else {
            continue;
        };
        let address = match routine {
            Routine::InPlace(f) => f as usize,
            Routine::Pair(f) | Routine::Convert(f) => f as usize,
        };
        let name = plan::routine_name(body, reg, map);
        for spelled in spellings(address) {
            text = text.replace(&spelled, &name);
        }
    }
    text
}

/// An address as CLIF and as the disassembler print it.
fn spellings(address: usize) -> [String; 3] {
    let clif = cranelift_codegen::ir::immediates::Imm64::new(address as i64).to_string();
    [clif, format!("{address:#x}"), address.to_string()]
}
