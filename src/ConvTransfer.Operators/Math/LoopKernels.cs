using ConvTransfer.Engine.Elementwise;

namespace ConvTransfer.Operators.Math;

/// <summary>An element loop as a routine of one or two operands.</summary>
internal sealed unsafe class LoopKernel(ElementLoop loop) : PlainKernel
{
    public override void Run(in PlainRun run) => loop.Run(run.Input<byte>(0), run.Input<byte>(1), run.Output<byte>(0), run.Crew);
}

/// <summary>A stage of an epilogue as a step of its own.</summary>
internal sealed unsafe class StageStep(StageLoop loop, Slot x, Slot residual, Slot y) : Step
{
    public override void Run(in StepRun run) => loop.Run(run.Pointer<float>(x), run.Pointer<float>(residual), run.Pointer<float>(y), run.Crew);
}
