using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Runtime;

/// <summary>What a plan was made for: the types of the values that it reads, and the content of those that decide shapes.</summary>
internal sealed class PlanKey(int inputs)
{
    private readonly (ElementType Type, Shape Shape, byte[]? Content)[] _inputs = new (ElementType, Shape, byte[]?)[inputs];

    /// <summary>Notes a value that the caller gives.</summary>
    public void Set(int index, Tensor tensor, bool decides) => _inputs[index] = (tensor.ElementType, tensor.Shape, decides ? tensor.AsBytes().ToArray() : null);

    /// <summary>Notes a value that an earlier segment makes.</summary>
    public void Set(int index, PlanOutput output) => _inputs[index] = (output.Held, output.Shape, null);

    /// <summary>The type of the elements that an input has when it is given.</summary>
    public ElementType TypeOf(int index) => _inputs[index].Type;

    /// <summary>True when the plan serves this tensor as its input of that index.</summary>
    public bool Serves(int index, Tensor tensor)
    {
        ref readonly var made = ref _inputs[index];
        return made.Type == tensor.ElementType && made.Shape.Equals(tensor.Shape) && (made.Content is null || tensor.AsBytes().SequenceEqual(made.Content));
    }

    /// <summary>True when the plan serves this output of an earlier segment as its input of that index.</summary>
    public bool Serves(int index, PlanOutput output)
    {
        ref readonly var made = ref _inputs[index];
        return made.Type == output.Held && made.Shape.Equals(output.Shape);
    }
}
