using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>Turns a float16 input into the float32 that a plan computes with.</summary>
internal sealed class WidenStep(Slot from, Slot to, int count) : Step
{
    public override unsafe void Run(in StepRun run) => HalfConversion.Widen(new ReadOnlySpan<Half>(run.Pointer<Half>(from), count), new Span<float>(run.Pointer<float>(to), count));
}
