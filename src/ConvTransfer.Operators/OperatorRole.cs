namespace ConvTransfer.Operators;

/// <summary>The part that an operator plays in a network, for those who look for its layers and for places to cut.</summary>
internal enum OperatorRole
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>Sums of its data input weighted by another input: a convolution or a matrix product. It is a layer where the other input is constant.</summary>
    WeightedLayer,

    /// <summary>A function of one value that follows a layer: ReLU and the like, and softmax.</summary>
    Activation,

    /// <summary>Sums, products and the like, element by element or channel by channel: a bias, a residual addition, a normalization.</summary>
    Arithmetic,

    /// <summary>Takes windows, or whole axes, of the data input together.</summary>
    Pooling,

    /// <summary>The same elements under another shape or in another order.</summary>
    Rearrangement,

    /// <summary>Hands its data input on unchanged when a network is not trained.</summary>
    Passthrough,
}
