namespace ConvTransfer.Core;

/// <summary>What kind of thing went wrong: the typed cause of a <see cref="ConvTransferException"/>.</summary>
public enum FailureCause
{
    /// <summary>The bytes are not a readable ONNX file.</summary>
    ModelFormat,

    /// <summary>The file is readable, but the network in it contradicts itself or the standard.</summary>
    ModelInvalid,

    /// <summary>The network is valid, but this library does not implement a part of it.</summary>
    Unsupported,

    /// <summary>Tensor data outside the model file is missing, too short, or in a forbidden place.</summary>
    ExternalData,

    /// <summary>A picture cannot be decoded, or is larger than the limits allow.</summary>
    ImageInvalid,

    /// <summary>A data set, a recipe, a tensor or another input of the user's is not usable.</summary>
    DataInvalid,

    /// <summary>The work would exceed a stated limit, such as memory.</summary>
    Limit,

    /// <summary>A result cannot be written.</summary>
    Output,

    /// <summary>A training checkpoint is damaged or belongs to another run.</summary>
    Checkpoint,
}
