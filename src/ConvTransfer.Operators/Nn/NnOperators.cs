namespace ConvTransfer.Operators.Nn;

/// <summary>The family's table of contents: layers of neural networks.</summary>
internal static class NnOperators
{
    public static Operator[] All { get; } =
    [
        new Conv(),
        new ConvTranspose(),
        new MaxPool(),
        new AveragePool(),
        new GlobalPool(average: true),
        new GlobalPool(average: false),
        new Relu(),
        new LeakyRelu(),
        new Clip(),
        new BatchNormalization(),
        new InstanceNormalization(),
        new LayerNormalization(),
        new GroupNormalization(),
        new LRN(),
        new Dropout(),
        new Softmax(logarithm: false),
        new Softmax(logarithm: true),
        new LabelLoss(ofScores: false),
        new LabelLoss(ofScores: true),
    ];
}
