using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Tensors;

/// <summary>One box of elements that goes from an input to an output.</summary>
internal readonly record struct CopyPart(int Input, int Output, StridedCopy Copy);

/// <summary>Moves boxes of elements; what the elements are does not matter.</summary>
internal sealed unsafe class CopyKernel(ElementType type, params CopyPart[] parts) : PlainKernel
{
    private readonly int _elementBytes = type.SizeInBytes();

    public override void Run(in PlainRun run)
    {
        foreach (var (input, output, copy) in parts)
        {
            if (type == ElementType.String) copy.Run(run.InputStrings(input), run.OutputStrings(output));
            else copy.Run(run.Input<byte>(input), run.Output<byte>(output), _elementBytes, run.Crew);
        }
    }
}
